-- What is recorded of what other systems send.
CREATE TABLE logging_rules (
  business        INTEGER NOT NULL,
  id              BLOB NOT NULL,
  type            TEXT NOT NULL,
  source          TEXT NOT NULL,        -- '' for all sources
  enabled         INTEGER NOT NULL,
  contact_type    TEXT NOT NULL,        -- '' for none
  views           TEXT NOT NULL,        -- JSON array of log view keys; [] follows the type
  version         INTEGER NOT NULL,
  not_logged      INTEGER NOT NULL,     -- how many, ever
  last_not_logged INTEGER,
  PRIMARY KEY (business, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX logging_rules_by_type ON logging_rules (business, type, source);

-- How many drafts a rule kept from being recorded, by the quarter of an hour when they happened
-- (900,000,000 µs since 1970) and by source.
CREATE TABLE not_logged (
  business    INTEGER NOT NULL,
  rule        BLOB NOT NULL,
  slot        INTEGER NOT NULL,
  source      TEXT NOT NULL,
  category    TEXT NOT NULL,
  n           INTEGER NOT NULL,
  PRIMARY KEY (business, rule, slot, source)
) WITHOUT ROWID;
