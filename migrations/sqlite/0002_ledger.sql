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

-- When a log began anew, because what was signed was lost (a restored backup): the checkpoint that
-- it stood at before. A log that never did has no row, and is in epoch 1.
CREATE TABLE ledger_epochs (
  business    INTEGER NOT NULL,
  epoch       INTEGER NOT NULL,         -- from 2
  previous    TEXT NOT NULL,            -- the signed note
  reason      TEXT NOT NULL,
  began_at    INTEGER NOT NULL,
  PRIMARY KEY (business, epoch)
) WITHOUT ROWID;

-- The public halves of the keys that sign (their other halves are files).
CREATE TABLE ledger_keys (
  business    INTEGER NOT NULL,
  made_at     INTEGER NOT NULL,
  verifier    TEXT NOT NULL,            -- name+id+base64, the form of Go's note package
  PRIMARY KEY (business, made_at)
) WITHOUT ROWID;
