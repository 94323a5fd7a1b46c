-- Each business's Merkle tree (ledger/tree.h): hashes of a level from `idx` on, up to 256. Level 0
-- are the leaves' hashes, each hash above is the root of 256 below.
CREATE TABLE tree_hashes (
  business    BIGINT NOT NULL,
  level       BIGINT NOT NULL,
  idx         BIGINT NOT NULL,
  hashes      BYTEA NOT NULL,
  PRIMARY KEY (business, level, idx)
);
ALTER TABLE tree_hashes ALTER COLUMN hashes SET STORAGE EXTERNAL;  -- hashes are not to be packed

-- The signed checkpoints (ledger/checkpoints.h).
CREATE TABLE checkpoints (
  business    BIGINT NOT NULL,
  epoch       BIGINT NOT NULL,
  size        BIGINT NOT NULL,
  root        BYTEA NOT NULL,
  note        TEXT COLLATE "C" NOT NULL,  -- the signed note, as it went out
  signed_at   BIGINT NOT NULL,
  PRIMARY KEY (business, epoch, size)
);

-- When a log began anew, because what was signed was lost (a restored backup): the checkpoint that
-- it stood at before. A log that never did has no row, and is in epoch 1.
CREATE TABLE ledger_epochs (
  business    BIGINT NOT NULL,
  epoch       BIGINT NOT NULL,         -- from 2
  previous    TEXT COLLATE "C" NOT NULL,            -- the signed note
  reason      TEXT COLLATE "C" NOT NULL,
  began_at    BIGINT NOT NULL,
  PRIMARY KEY (business, epoch)
);

-- The public halves of the keys that sign (their other halves are files).
CREATE TABLE ledger_keys (
  business    BIGINT NOT NULL,
  made_at     BIGINT NOT NULL,
  verifier    TEXT COLLATE "C" NOT NULL,            -- name+id+base64, the form of Go's note package
  PRIMARY KEY (business, made_at)
);

DO $$
DECLARE name TEXT;
BEGIN
  FOREACH name IN ARRAY ARRAY['tree_hashes', 'checkpoints', 'ledger_epochs', 'ledger_keys']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own ON %I USING (business = this_business())', name);
  END LOOP;
END $$;
