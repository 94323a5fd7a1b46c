-- The signed checkpoints (ledger/checkpoints.h).
CREATE TABLE checkpoints (
  business    INTEGER NOT NULL,
  epoch       INTEGER NOT NULL,
  size        INTEGER NOT NULL,
  root        BLOB NOT NULL,
  note        TEXT NOT NULL,            -- the signed note, as it went out
  signed_at   INTEGER NOT NULL,
  PRIMARY KEY (business, epoch, size)
) WITHOUT ROWID;
