-- Time stamps of checkpoints (RFC 3161), as the authority answered (ledger/stamps.h).
CREATE TABLE checkpoint_stamps (
  business    BIGINT NOT NULL,
  epoch       BIGINT NOT NULL,
  size        BIGINT NOT NULL,
  stamp       BYTEA NOT NULL,            -- a TimeStampResp in DER
  stamped_at  BIGINT NOT NULL,           -- the time that it tells
  PRIMARY KEY (business, epoch, size)
);
ALTER TABLE checkpoint_stamps ENABLE ROW LEVEL SECURITY;
ALTER TABLE checkpoint_stamps FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON checkpoint_stamps USING (business = this_business());

-- A business is founded with its key.
CREATE POLICY system ON ledger_keys USING (this_business() = 0);
