-- The delivery events of an entry (ledger/ledger.h), and what its status was before each of them,
-- in the order in which they were recorded; NULL for none.
CREATE TABLE delivery_events (
  business      INTEGER NOT NULL,
  entry         BLOB NOT NULL,
  pos           INTEGER NOT NULL,
  recorded_at   INTEGER NOT NULL,
  status_before TEXT,
  PRIMARY KEY (business, entry, pos)
) WITHOUT ROWID;
