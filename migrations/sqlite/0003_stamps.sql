-- Time stamps of checkpoints (RFC 3161), as the authority answered (ledger/stamps.h).
CREATE TABLE checkpoint_stamps (
  business    INTEGER NOT NULL,
  epoch       INTEGER NOT NULL,
  size        INTEGER NOT NULL,
  stamp       BLOB NOT NULL,            -- a TimeStampResp in DER
  stamped_at  INTEGER NOT NULL,         -- the time that it tells
  PRIMARY KEY (business, epoch, size)
);
