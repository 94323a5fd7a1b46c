-- The delivery events of an entry (ledger/ledger.h), and what its status was before each of them,
-- in the order in which they were recorded; NULL for none.
CREATE TABLE delivery_events (
  business      BIGINT NOT NULL,
  entry         BYTEA NOT NULL,
  pos           BIGINT NOT NULL,
  recorded_at   BIGINT NOT NULL,
  status_before TEXT COLLATE "C",
  PRIMARY KEY (business, entry, pos)
);
ALTER TABLE delivery_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery_events FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON delivery_events USING (business = this_business());
