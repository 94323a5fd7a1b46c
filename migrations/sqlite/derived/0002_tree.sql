-- Each business's Merkle tree (ledger/tree.h): hashes of a level from `idx` on, up to 256. Level 0
-- are the leaves' hashes, each hash above is the root of 256 below.
CREATE TABLE tree_hashes (
  business    INTEGER NOT NULL,
  level       INTEGER NOT NULL,
  idx         INTEGER NOT NULL,
  hashes      BLOB NOT NULL,
  PRIMARY KEY (business, level, idx)
) WITHOUT ROWID;
