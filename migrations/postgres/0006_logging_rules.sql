-- What is recorded of what other systems send.
CREATE TABLE logging_rules (
  business        BIGINT NOT NULL,
  id              BYTEA NOT NULL,
  type            TEXT COLLATE "C" NOT NULL,
  source          TEXT COLLATE "C" NOT NULL,        -- '' for all sources
  enabled         BIGINT NOT NULL,
  contact_type    TEXT COLLATE "C" NOT NULL,        -- '' for none
  views           TEXT COLLATE "C" NOT NULL,      -- JSON array of view keys; [] follows the type
  version         BIGINT NOT NULL,
  not_logged      BIGINT NOT NULL,                  -- how many, ever
  last_not_logged BIGINT,
  PRIMARY KEY (business, id)
);
CREATE UNIQUE INDEX logging_rules_by_type ON logging_rules (business, type, source);

-- How many drafts a rule kept from being recorded, by the quarter of an hour when they happened
-- (900,000,000 µs since 1970) and by source.
CREATE TABLE not_logged (
  business    BIGINT NOT NULL,
  rule        BYTEA NOT NULL,
  slot        BIGINT NOT NULL,
  source      TEXT COLLATE "C" NOT NULL,
  category    TEXT COLLATE "C" NOT NULL,
  n           BIGINT NOT NULL,
  PRIMARY KEY (business, rule, slot, source)
);

DO $$
DECLARE name TEXT;
BEGIN
  FOREACH name IN ARRAY ARRAY['logging_rules', 'not_logged'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own ON %I USING (business = this_business())', name);
  END LOOP;
END $$;
