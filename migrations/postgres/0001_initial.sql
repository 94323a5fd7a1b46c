-- One schema for the journal and what is derived from it: the derived tables are written in the
-- transaction of what they are derived from. Every key is led by `business`, and row-level security
-- shows a transaction the rows of its business alone (the end of this file).
-- Instants are µs since 1970 (UTC); ids are 16 bytes; JSON stands in text columns. Texts compare by
-- their bytes, as on SQLite.

-- The business of the transaction; null where none was said, 0 for set-up and credentials.
CREATE FUNCTION this_business() RETURNS BIGINT LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT nullif(current_setting('annals.business', true), '')::bigint $$;

-- Who writes for a business takes a turn: the row stays locked until the commit, so that writers of
-- several servers follow one another, and the number tells a server whether another one wrote
-- since.
CREATE TABLE turns (
  business    BIGINT PRIMARY KEY,
  n           BIGINT NOT NULL
);

CREATE TABLE businesses (
  business    BIGINT PRIMARY KEY,
  id          BYTEA NOT NULL UNIQUE,
  name        TEXT COLLATE "C" NOT NULL,
  time_zone   TEXT COLLATE "C" NOT NULL,
  locale      TEXT COLLATE "C" NOT NULL,
  currency    TEXT COLLATE "C" NOT NULL,
  country     TEXT COLLATE "C" NOT NULL,  -- '' where none is known
  secret      BYTEA NOT NULL,             -- 32 random bytes: key of this business's keyed hashes
  created_at  BIGINT NOT NULL
);

CREATE TABLE staff (
  business      BIGINT NOT NULL,
  id            BYTEA NOT NULL,
  email         TEXT COLLATE "C" NOT NULL,  -- as given
  email_folded  TEXT COLLATE "C" NOT NULL,
  name          TEXT COLLATE "C" NOT NULL,
  role          TEXT COLLATE "C" NOT NULL,  -- owner, manager, staff, auditor
  password_hash TEXT COLLATE "C" NOT NULL,  -- Argon2id, PHC form; '' where none is set yet
  active        BIGINT NOT NULL,
  version       BIGINT NOT NULL,
  created_at    BIGINT NOT NULL,
  PRIMARY KEY (business, id)
);
CREATE UNIQUE INDEX staff_by_email ON staff (business, email_folded);
CREATE INDEX staff_by_address ON staff (email_folded);  -- sign-in, before a business is known

CREATE TABLE sessions (
  token_hash    BYTEA PRIMARY KEY,        -- SHA-256 of the cookie's value
  business      BIGINT NOT NULL,
  staff         BYTEA NOT NULL,
  created_at    BIGINT NOT NULL,
  used_at       BIGINT NOT NULL           -- written at most once a minute
);
CREATE INDEX sessions_by_staff ON sessions (business, staff);
CREATE INDEX sessions_by_use ON sessions (used_at);

CREATE TABLE api_keys (
  business      BIGINT NOT NULL,
  id            BYTEA NOT NULL,
  name          TEXT COLLATE "C" NOT NULL,
  scopes        TEXT COLLATE "C" NOT NULL,  -- JSON array
  secret_hash   BYTEA NOT NULL UNIQUE,    -- SHA-256 of the secret
  created_at    BIGINT NOT NULL,
  revoked_at    BIGINT,
  PRIMARY KEY (business, id)
);

-- Replies kept for Idempotency-Key (every POST but /entries and /events, which have their own).
CREATE TABLE request_keys (
  business      BIGINT NOT NULL,
  key_hash      BYTEA NOT NULL,           -- keyed hash of credential and key
  request_hash  BYTEA NOT NULL,           -- keyed hash of method, path and body
  status        BIGINT NOT NULL,
  reply         BYTEA NOT NULL,           -- headers and body, sealed by the Idempotency-Key itself
  created_at    BIGINT NOT NULL,
  PRIMARY KEY (business, key_hash)
);
CREATE INDEX request_keys_by_age ON request_keys (business, created_at);

CREATE TABLE log_views (
  business    BIGINT NOT NULL,
  key         TEXT COLLATE "C" NOT NULL,
  name        TEXT COLLATE "C" NOT NULL,
  roles       TEXT COLLATE "C" NOT NULL,  -- JSON array: the roles that may see it, besides owners
  version     BIGINT NOT NULL,
  PRIMARY KEY (business, key)
);

CREATE TABLE contact_types (
  business    BIGINT NOT NULL,
  key         TEXT COLLATE "C" NOT NULL,  -- what entries name; equals the first name given
  name        TEXT COLLATE "C" NOT NULL,
  views       TEXT COLLATE "C" NOT NULL,  -- JSON array of log view keys; [] follows the type
  archived    BIGINT NOT NULL,
  version     BIGINT NOT NULL,
  PRIMARY KEY (business, key)
);

-- What the business changed of a built-in type, and types of its own.
CREATE TABLE entry_types (
  business    BIGINT NOT NULL,
  type        TEXT COLLATE "C" NOT NULL,
  category    TEXT COLLATE "C" NOT NULL,
  name        TEXT COLLATE "C" NOT NULL,  -- '' for the built-in name
  views       TEXT COLLATE "C" NOT NULL,  -- JSON array of log view keys; [] is general
  version     BIGINT NOT NULL,
  PRIMARY KEY (business, type)
);

CREATE TABLE contacts (
  business      BIGINT NOT NULL,
  id            BYTEA NOT NULL,
  tag           BYTEA NOT NULL,           -- 16 random bytes, in the leaves instead of the id
  version       BIGINT NOT NULL,
  state         TEXT COLLATE "C" NOT NULL,  -- JSON: all fields, as the API shows them
  name          TEXT COLLATE "C" NOT NULL,  -- as shown in lists
  organization  BYTEA,                    -- the contact that this person belongs to
  archived      BIGINT NOT NULL,
  merged_into   BYTEA,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL,
  PRIMARY KEY (business, id)
);
CREATE INDEX contacts_by_organization ON contacts (business, organization)
  WHERE organization IS NOT NULL;
CREATE INDEX contacts_by_survivor ON contacts (business, merged_into)
  WHERE merged_into IS NOT NULL;

-- What names one contact only: 'uid' (source, unit separator, external_id) and 'client_number'.
CREATE TABLE contact_keys (
  business    BIGINT NOT NULL,
  kind        TEXT COLLATE "C" NOT NULL,
  value       TEXT COLLATE "C" NOT NULL,
  contact     BYTEA NOT NULL,
  PRIMARY KEY (business, kind, value)
);

-- What several contacts may share: 'email' (folded) and 'phone' (E.164, else digits).
CREATE TABLE contact_ways (
  business    BIGINT NOT NULL,
  kind        TEXT COLLATE "C" NOT NULL,
  value       TEXT COLLATE "C" NOT NULL,
  contact     BYTEA NOT NULL,
  PRIMARY KEY (business, kind, value, contact)
);

CREATE TABLE contact_merges (
  business    BIGINT NOT NULL,
  loser       BYTEA NOT NULL,
  survivor    BYTEA NOT NULL,
  merged_at   BIGINT NOT NULL,
  unmerged_at BIGINT,
  PRIMARY KEY (business, loser, merged_at)
);
CREATE INDEX contact_merges_by_survivor ON contact_merges (business, survivor);

-- The truth: one row a leaf, in leaf order. Insert-only; erasure alone blanks record and salt.
CREATE TABLE journal (
  business      BIGINT NOT NULL,
  pos           BIGINT NOT NULL,          -- counts from 1 in each business
  contact       BYTEA NOT NULL,
  entry         BYTEA NOT NULL,
  -- 1 for the entry itself; each correction or retraction +1
  version       BIGINT NOT NULL,
  kind          BIGINT NOT NULL,          -- leaf type: 1 entry, 2 correction, 3 retraction …
  contact_seq   BIGINT NOT NULL,
  leaf_index    BIGINT NOT NULL,
  recorded_at   BIGINT NOT NULL,
  occurred_at   BIGINT NOT NULL,
  record        TEXT COLLATE "C" NOT NULL,  -- RFC 8785
  salt          BYTEA NOT NULL,           -- 32 bytes, then 32 for each attachment
  leaf          BYTEA NOT NULL,           -- 66 bytes
  draft_digest  BYTEA,                    -- of a draft with a key: tells a repeat from a conflict
  PRIMARY KEY (business, pos)
);

CREATE TABLE idempotency (
  business  BIGINT NOT NULL DEFAULT this_business(),
  -- keyed hash of (business, source, source_id), probed by +1
  h         BIGINT NOT NULL,
  key       BYTEA NOT NULL,               -- 24 more bytes of that hash
  pos       BIGINT NOT NULL,
  PRIMARY KEY (business, h)
);

-- Which journal rows follow on an entry's first: corrections and retractions.
CREATE TABLE supersession (
  business    BIGINT NOT NULL,
  entry       BYTEA NOT NULL,
  version     BIGINT NOT NULL,
  pos         BIGINT NOT NULL,
  kind        BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL,
  PRIMARY KEY (business, entry, version)
);

CREATE TABLE pins (
  business    BIGINT NOT NULL,
  entry       BYTEA NOT NULL,
  pinned_at   BIGINT NOT NULL,
  PRIMARY KEY (business, entry)
);

CREATE TABLE attachments (
  business        BIGINT NOT NULL,
  id              BYTEA NOT NULL,
  name            TEXT COLLATE "C" NOT NULL,
  media_type      TEXT COLLATE "C" NOT NULL,
  size            BIGINT NOT NULL,
  sha256          BYTEA NOT NULL,         -- names the file under blobs/
  created_by_kind TEXT COLLATE "C" NOT NULL,
  created_by      BYTEA NOT NULL,
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (business, id)
);
CREATE INDEX attachments_by_hash ON attachments (sha256);

CREATE TABLE tasks (
  business      BIGINT NOT NULL,
  id            BYTEA NOT NULL,
  contact       BYTEA,
  entry         BYTEA,                    -- the entry that it was created from
  private       BIGINT NOT NULL,          -- as that entry is: for who made it, the assignee, owners
  views         TEXT COLLATE "C" NOT NULL,  -- JSON array of log view keys, as of that entry
  title         TEXT COLLATE "C" NOT NULL,
  description   TEXT COLLATE "C" NOT NULL,
  due_at        BIGINT,
  assignee      BYTEA,
  priority      TEXT COLLATE "C" NOT NULL,  -- low, normal, high
  status        TEXT COLLATE "C" NOT NULL,  -- open, completed, canceled
  version       BIGINT NOT NULL,
  created_by    TEXT COLLATE "C" NOT NULL,  -- JSON {kind,id,name}
  created_at    BIGINT NOT NULL,
  completed_at  BIGINT,
  PRIMARY KEY (business, id)
);
CREATE INDEX tasks_by_contact ON tasks (business, contact, status, due_at);
CREATE INDEX tasks_by_assignee ON tasks (business, assignee, status, due_at);
CREATE INDEX tasks_by_due ON tasks (business, status, due_at);

CREATE TABLE saved_filters (
  business    BIGINT NOT NULL,
  id          BYTEA NOT NULL,
  owner       BYTEA NOT NULL,             -- the staff member or API key
  name        TEXT COLLATE "C" NOT NULL,
  filter      TEXT COLLATE "C" NOT NULL,  -- a query string of GET /entries
  shared      BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (business, id)
);

-- Attachments and message bytes, by what they hold.
CREATE TABLE blobs (
  business    BIGINT NOT NULL,
  sha256      BYTEA NOT NULL,
  bytes       BYTEA NOT NULL,
  PRIMARY KEY (business, sha256)
);

-- How far the journal of a business is derived: to its end, but inside a transaction that writes.
CREATE TABLE applied (
  business    BIGINT PRIMARY KEY,
  pos         BIGINT NOT NULL
);

-- Where each contact's sequence stands; with a contact of 16 zero bytes, each business's log.
CREATE TABLE heads (
  business    BIGINT NOT NULL,
  contact     BYTEA NOT NULL,
  seq         BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL,
  PRIMARY KEY (business, contact)
);

-- Every version of every entry, by contact and by time. A version that another one superseded has
-- hidden_at; a retracted entry has retracted_at.
CREATE TABLE timeline (
  business       BIGINT NOT NULL,
  contact        BYTEA NOT NULL,
  occurred_at    BIGINT NOT NULL,
  pos            BIGINT NOT NULL,
  recorded_at    BIGINT NOT NULL,
  hidden_at      BIGINT,
  retracted_at   BIGINT,
  category       TEXT COLLATE "C" NOT NULL,
  type           TEXT COLLATE "C" NOT NULL,
  contact_type   TEXT COLLATE "C",
  method         TEXT COLLATE "C",
  direction      TEXT COLLATE "C",
  status         TEXT COLLATE "C",
  actor_kind     TEXT COLLATE "C" NOT NULL,
  staff          BYTEA,
  manual         BIGINT NOT NULL,
  has_attachment BIGINT NOT NULL,
  author         BYTEA,                   -- of a private entry
  views          TEXT COLLATE "C",        -- stated ones: '|financial|medical|'
  PRIMARY KEY (business, contact, occurred_at, pos)
);

CREATE TABLE timeline_all (
  business       BIGINT NOT NULL,
  occurred_at    BIGINT NOT NULL,
  pos            BIGINT NOT NULL,
  contact        BYTEA NOT NULL,
  recorded_at    BIGINT NOT NULL,
  hidden_at      BIGINT,
  retracted_at   BIGINT,
  category       TEXT COLLATE "C" NOT NULL,
  type           TEXT COLLATE "C" NOT NULL,
  contact_type   TEXT COLLATE "C",
  method         TEXT COLLATE "C",
  direction      TEXT COLLATE "C",
  status         TEXT COLLATE "C",
  actor_kind     TEXT COLLATE "C" NOT NULL,
  staff          BYTEA,
  manual         BIGINT NOT NULL,
  has_attachment BIGINT NOT NULL,
  author         BYTEA,
  views          TEXT COLLATE "C",
  PRIMARY KEY (business, occurred_at, pos)
);

-- Where each version of an entry stands in the journal.
CREATE TABLE entry_versions (
  business    BIGINT NOT NULL,
  entry       BYTEA NOT NULL,
  version     BIGINT NOT NULL,
  pos         BIGINT NOT NULL,
  PRIMARY KEY (business, entry, version)
);

CREATE TABLE entry_notes (               -- entries that are `about` another
  business    BIGINT NOT NULL,
  about       BYTEA NOT NULL,
  entry       BYTEA NOT NULL,
  PRIMARY KEY (business, about, entry)
);

CREATE TABLE attachment_uses (
  business    BIGINT NOT NULL,
  attachment  BYTEA NOT NULL,
  entry       BYTEA NOT NULL,
  PRIMARY KEY (business, attachment, entry)
);

-- The zone that the days of a business's tally are in. Where the business has another by now, the
-- tally is not used until it is made anew.
CREATE TABLE tally_zones (business BIGINT PRIMARY KEY, time_zone TEXT COLLATE "C" NOT NULL);

-- How many shown entries there are of each combination, a day (in the business's zone).
CREATE TABLE tally (
  business       BIGINT NOT NULL,
  day            BIGINT NOT NULL,
  category       TEXT COLLATE "C" NOT NULL,
  type           TEXT COLLATE "C" NOT NULL,
  contact_type   TEXT COLLATE "C" NOT NULL,  -- here and below '' for none, so that the key is one
  method         TEXT COLLATE "C" NOT NULL,
  direction      TEXT COLLATE "C" NOT NULL,
  status         TEXT COLLATE "C" NOT NULL,
  actor_kind     TEXT COLLATE "C" NOT NULL,
  staff          BYTEA NOT NULL,
  manual         BIGINT NOT NULL,
  has_attachment BIGINT NOT NULL,
  author         BYTEA NOT NULL,
  views          TEXT COLLATE "C" NOT NULL,
  n              BIGINT NOT NULL,
  PRIMARY KEY (business, day, category, type, contact_type, method, direction, status, actor_kind,
               staff, manual, has_attachment, author, views)
);

-- Words by base::analyse, told apart by business and contact through words of their own (see
-- entries/search.h). pos = journal.pos.
CREATE TABLE entry_search (
  business    BIGINT NOT NULL DEFAULT this_business(),
  pos         BIGINT NOT NULL,
  words       TSVECTOR NOT NULL,
  PRIMARY KEY (business, pos)
);
CREATE INDEX entry_search_by_word ON entry_search USING gin (words);

-- Contacts as they are found: one row a contact.
CREATE TABLE contact_rows (
  number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  business    BIGINT NOT NULL,
  contact     BYTEA NOT NULL,
  sort_name   TEXT COLLATE "C" NOT NULL,
  terms       TEXT COLLATE "C" NOT NULL   -- what contact_search holds (see contacts/terms.h)
);
CREATE UNIQUE INDEX contact_rows_by_contact ON contact_rows (business, contact);

-- A term is the business's number, a letter for the field, and a text (see contacts/terms.h).
CREATE TABLE contact_search (
  business    BIGINT NOT NULL DEFAULT this_business(),
  number      BIGINT NOT NULL,            -- of contact_rows
  terms       TSVECTOR NOT NULL,
  PRIMARY KEY (business, number)
);
CREATE INDEX contact_search_by_term ON contact_search USING gin (terms);

-- Contacts in the order of their names: all, and those of a kind, tag or organisation. `list` is
-- the term that they have in common. Who is merged into another is in none.
CREATE TABLE contact_lists (
  business    BIGINT NOT NULL,
  list        TEXT COLLATE "C" NOT NULL,
  sort_name   TEXT COLLATE "C" NOT NULL,
  contact     BYTEA NOT NULL,
  PRIMARY KEY (business, list, sort_name, contact)
);

-- The words of names, and how many contacts have each: what a mistyped word may have meant.
CREATE TABLE contact_words (
  business    BIGINT NOT NULL,
  word        TEXT COLLATE "C" NOT NULL,
  n           BIGINT NOT NULL,
  PRIMARY KEY (business, word)
);

CREATE TABLE contact_tags (
  business    BIGINT NOT NULL,
  tag         TEXT COLLATE "C" NOT NULL,
  contact     BYTEA NOT NULL,
  PRIMARY KEY (business, tag, contact)
);


-- Row-level security, also for the owner of the tables.
DO $$
DECLARE name TEXT;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables
              WHERE schemaname = current_schema() AND tablename <> 'schema_version'
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own ON %I USING (business = this_business())', name);
  END LOOP;
  -- What is looked up before a business is known, and what founds one; whether anybody wrote.
  FOREACH name IN ARRAY ARRAY['businesses', 'staff', 'sessions', 'api_keys', 'request_keys',
                              'log_views', 'contact_types', 'entry_types', 'turns']
  LOOP
    EXECUTE format('CREATE POLICY system ON %I USING (this_business() = 0)', name);
  END LOOP;
END $$;
