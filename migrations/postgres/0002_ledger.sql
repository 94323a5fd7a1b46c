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

DO $$
DECLARE name TEXT;
BEGIN
  FOREACH name IN ARRAY ARRAY['tree_hashes', 'checkpoints']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own ON %I USING (business = this_business())', name);
  END LOOP;
END $$;
