-- The hashes beside their key instead of in it: looking for a key in a table WITHOUT ROWID reads
-- the 8 KiB of each row that it is compared with.
DROP TABLE tree_hashes;
CREATE TABLE tree_hashes (
  business    INTEGER NOT NULL,
  level       INTEGER NOT NULL,
  idx         INTEGER NOT NULL,
  hashes      BLOB NOT NULL,
  PRIMARY KEY (business, level, idx)
);
