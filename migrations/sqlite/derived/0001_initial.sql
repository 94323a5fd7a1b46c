-- The second file: derived from the journal and the contacts by the applier, and made anew by
-- `annals rebuild` (or at start, where its version is another).

CREATE TABLE applied (one INTEGER PRIMARY KEY, pos INTEGER NOT NULL);
INSERT INTO applied VALUES (1, 0);

-- Where each contact's sequence stands; with a contact of 16 zero bytes, each business's log.
CREATE TABLE heads (
  business    INTEGER NOT NULL,
  contact     BLOB NOT NULL,
  seq         INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (business, contact)
) WITHOUT ROWID;

-- Every version of every entry, by contact and by time. A version that another one superseded has
-- hidden_at; a retracted entry has retracted_at.
CREATE TABLE timeline (
  business       INTEGER NOT NULL,
  contact        BLOB NOT NULL,
  occurred_at    INTEGER NOT NULL,
  pos            INTEGER NOT NULL,
  recorded_at    INTEGER NOT NULL,
  hidden_at      INTEGER,
  retracted_at   INTEGER,
  category       TEXT NOT NULL,
  type           TEXT NOT NULL,
  contact_type   TEXT,
  method         TEXT,
  direction      TEXT,
  status         TEXT,
  actor_kind     TEXT NOT NULL,
  staff          BLOB,
  manual         INTEGER NOT NULL,
  has_attachment INTEGER NOT NULL,
  author         BLOB,                  -- of a private entry
  views          TEXT,                  -- stated ones: '|financial|medical|'
  PRIMARY KEY (business, contact, occurred_at, pos)
) WITHOUT ROWID;

CREATE TABLE timeline_all (
  business       INTEGER NOT NULL,
  occurred_at    INTEGER NOT NULL,
  pos            INTEGER NOT NULL,
  contact        BLOB NOT NULL,
  recorded_at    INTEGER NOT NULL,
  hidden_at      INTEGER,
  retracted_at   INTEGER,
  category       TEXT NOT NULL,
  type           TEXT NOT NULL,
  contact_type   TEXT,
  method         TEXT,
  direction      TEXT,
  status         TEXT,
  actor_kind     TEXT NOT NULL,
  staff          BLOB,
  manual         INTEGER NOT NULL,
  has_attachment INTEGER NOT NULL,
  author         BLOB,
  views          TEXT,
  PRIMARY KEY (business, occurred_at, pos)
) WITHOUT ROWID;

-- Where each version of an entry stands in the journal.
CREATE TABLE entry_versions (
  business    INTEGER NOT NULL,
  entry       BLOB NOT NULL,
  version     INTEGER NOT NULL,
  pos         INTEGER NOT NULL,
  PRIMARY KEY (business, entry, version)
) WITHOUT ROWID;

CREATE TABLE entry_notes (               -- entries that are `about` another
  business    INTEGER NOT NULL,
  about       BLOB NOT NULL,
  entry       BLOB NOT NULL,
  PRIMARY KEY (business, about, entry)
) WITHOUT ROWID;

CREATE TABLE attachment_uses (
  business    INTEGER NOT NULL,
  attachment  BLOB NOT NULL,
  entry       BLOB NOT NULL,
  PRIMARY KEY (business, attachment, entry)
) WITHOUT ROWID;

-- The zone that the days of a business's tally are in. Where the business has another by now, the
-- tally is not used until it is made anew.
CREATE TABLE tally_zones (business INTEGER PRIMARY KEY, time_zone TEXT NOT NULL);

-- How many shown entries there are of each combination, a day (in the business's zone).
CREATE TABLE tally (
  business       INTEGER NOT NULL,
  day            INTEGER NOT NULL,
  category       TEXT NOT NULL,
  type           TEXT NOT NULL,
  contact_type   TEXT NOT NULL,         -- here and below '' for none, so that the key is one
  method         TEXT NOT NULL,
  direction      TEXT NOT NULL,
  status         TEXT NOT NULL,
  actor_kind     TEXT NOT NULL,
  staff          BLOB NOT NULL,
  manual         INTEGER NOT NULL,
  has_attachment INTEGER NOT NULL,
  author         BLOB NOT NULL,
  views          TEXT NOT NULL,
  n              INTEGER NOT NULL,
  PRIMARY KEY (business, day, category, type, contact_type, method, direction, status, actor_kind,
               staff, manual, has_attachment, author, views)
) WITHOUT ROWID;

-- Words by base::analyse, told apart by business and contact through words of their own (see
-- entries/search.h). rowid = journal.pos.
CREATE VIRTUAL TABLE entry_search USING fts5 (
  words, content='', columnsize=0, detail=none,
  tokenize="unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'"
);

-- Contacts as they are found: one row a contact.
CREATE TABLE contact_rows (
  number      INTEGER PRIMARY KEY,      -- rowid of contact_search
  business    INTEGER NOT NULL,
  contact     BLOB NOT NULL,
  sort_name   TEXT NOT NULL,
  terms       TEXT NOT NULL             -- what contact_search holds (see contacts/terms.h)
);
CREATE UNIQUE INDEX contact_rows_by_contact ON contact_rows (business, contact);

-- A term is the business's number, a letter for the field, and a text: the prefix indexes are for
-- the first letters of that text.
CREATE VIRTUAL TABLE contact_search USING fts5 (
  terms, content='', columnsize=0, detail=none, prefix='3 4 5 6 7',
  tokenize="unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'"
);

-- Contacts in the order of their names: all, and those of a kind, tag or organisation. `list` is
-- the term that they have in common. Who is merged into another is in none.
CREATE TABLE contact_lists (
  business    INTEGER NOT NULL,
  list        TEXT NOT NULL,
  sort_name   TEXT NOT NULL,
  contact     BLOB NOT NULL,
  PRIMARY KEY (business, list, sort_name, contact)
) WITHOUT ROWID;

-- The words of names, and how many contacts have each: what a mistyped word may have meant.
CREATE TABLE contact_words (
  business    INTEGER NOT NULL,
  word        TEXT NOT NULL,
  n           INTEGER NOT NULL,
  PRIMARY KEY (business, word)
) WITHOUT ROWID;

CREATE TABLE contact_tags (
  business    INTEGER NOT NULL,
  tag         TEXT NOT NULL,
  contact     BLOB NOT NULL,
  PRIMARY KEY (business, tag, contact)
) WITHOUT ROWID;
