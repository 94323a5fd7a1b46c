-- The primary file: the journal, and what is not derived from it. Every key is led by `business`.
-- Instants are µs since 1970 (UTC); ids are 16 bytes; JSON stands in text columns.

-- Written to find out whether the disk takes writes again.
CREATE TABLE probe (n INTEGER NOT NULL);
INSERT INTO probe VALUES (0);

CREATE TABLE businesses (
  business    INTEGER PRIMARY KEY,
  id          BLOB NOT NULL UNIQUE,
  name        TEXT NOT NULL,
  time_zone   TEXT NOT NULL,
  locale      TEXT NOT NULL,
  currency    TEXT NOT NULL,
  country     TEXT NOT NULL,            -- '' where none is known
  secret      BLOB NOT NULL,            -- 32 random bytes: key of this business's keyed hashes
  created_at  INTEGER NOT NULL
);

CREATE TABLE staff (
  business      INTEGER NOT NULL,
  id            BLOB NOT NULL,
  email         TEXT NOT NULL,          -- as given
  email_folded  TEXT NOT NULL,
  name          TEXT NOT NULL,
  role          TEXT NOT NULL,          -- owner, manager, staff, auditor
  password_hash TEXT NOT NULL,          -- Argon2id, PHC form; '' where none is set yet
  active        INTEGER NOT NULL,
  version       INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  PRIMARY KEY (business, id)
);
CREATE UNIQUE INDEX staff_by_email ON staff (business, email_folded);
CREATE INDEX staff_by_address ON staff (email_folded);  -- sign-in, before a business is known

CREATE TABLE sessions (
  token_hash    BLOB PRIMARY KEY,       -- SHA-256 of the cookie's value
  business      INTEGER NOT NULL,
  staff         BLOB NOT NULL,
  created_at    INTEGER NOT NULL,
  used_at       INTEGER NOT NULL        -- written at most once a minute
) WITHOUT ROWID;
CREATE INDEX sessions_by_staff ON sessions (business, staff);
CREATE INDEX sessions_by_use ON sessions (used_at);

CREATE TABLE api_keys (
  business      INTEGER NOT NULL,
  id            BLOB NOT NULL,
  name          TEXT NOT NULL,
  scopes        TEXT NOT NULL,          -- JSON array
  secret_hash   BLOB NOT NULL UNIQUE,   -- SHA-256 of the secret
  created_at    INTEGER NOT NULL,
  revoked_at    INTEGER,
  PRIMARY KEY (business, id)
);

-- Replies kept for Idempotency-Key (every POST but /entries and /events, which have their own).
CREATE TABLE request_keys (
  business      INTEGER NOT NULL,
  key_hash      BLOB NOT NULL,          -- keyed hash of credential and key
  request_hash  BLOB NOT NULL,          -- keyed hash of method, path and body
  status        INTEGER NOT NULL,
  reply         BLOB NOT NULL,          -- headers and body, sealed by the Idempotency-Key itself
  created_at    INTEGER NOT NULL,
  PRIMARY KEY (business, key_hash)
) WITHOUT ROWID;
CREATE INDEX request_keys_by_age ON request_keys (business, created_at);

CREATE TABLE log_views (
  business    INTEGER NOT NULL,
  key         TEXT NOT NULL,
  name        TEXT NOT NULL,
  roles       TEXT NOT NULL,            -- JSON array: the roles that may see it, besides owners
  version     INTEGER NOT NULL,
  PRIMARY KEY (business, key)
) WITHOUT ROWID;

CREATE TABLE contact_types (
  business    INTEGER NOT NULL,
  key         TEXT NOT NULL,            -- what entries name; equals the first name given
  name        TEXT NOT NULL,
  views       TEXT NOT NULL,            -- JSON array of log view keys; [] follows the type
  archived    INTEGER NOT NULL,
  version     INTEGER NOT NULL,
  PRIMARY KEY (business, key)
) WITHOUT ROWID;

-- What the business changed of a built-in type, and types of its own.
CREATE TABLE entry_types (
  business    INTEGER NOT NULL,
  type        TEXT NOT NULL,
  category    TEXT NOT NULL,
  name        TEXT NOT NULL,            -- '' for the built-in name
  views       TEXT NOT NULL,            -- JSON array of log view keys; [] is general
  version     INTEGER NOT NULL,
  PRIMARY KEY (business, type)
) WITHOUT ROWID;

CREATE TABLE contacts (
  business      INTEGER NOT NULL,
  id            BLOB NOT NULL,
  tag           BLOB NOT NULL,          -- 16 random bytes, in the leaves instead of the id
  version       INTEGER NOT NULL,
  state         TEXT NOT NULL,          -- JSON: all fields, as the API shows them
  name          TEXT NOT NULL,          -- as shown in lists
  organization  BLOB,                   -- the contact that this person belongs to
  archived      INTEGER NOT NULL,
  merged_into   BLOB,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  PRIMARY KEY (business, id)
);
CREATE INDEX contacts_by_organization ON contacts (business, organization)
  WHERE organization IS NOT NULL;
CREATE INDEX contacts_by_survivor ON contacts (business, merged_into)
  WHERE merged_into IS NOT NULL;

-- What names one contact only: 'uid' (source, unit separator, external_id) and 'client_number'.
CREATE TABLE contact_keys (
  business    INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  value       TEXT NOT NULL,
  contact     BLOB NOT NULL,
  PRIMARY KEY (business, kind, value)
) WITHOUT ROWID;

-- What several contacts may share: 'email' (folded) and 'phone' (E.164, else digits).
CREATE TABLE contact_ways (
  business    INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  value       TEXT NOT NULL,
  contact     BLOB NOT NULL,
  PRIMARY KEY (business, kind, value, contact)
) WITHOUT ROWID;

CREATE TABLE contact_merges (
  business    INTEGER NOT NULL,
  loser       BLOB NOT NULL,
  survivor    BLOB NOT NULL,
  merged_at   INTEGER NOT NULL,
  unmerged_at INTEGER,
  PRIMARY KEY (business, loser, merged_at)
) WITHOUT ROWID;
CREATE INDEX contact_merges_by_survivor ON contact_merges (business, survivor);

-- The truth: one row a leaf, in leaf order. Insert-only; erasure alone blanks record and salt.
CREATE TABLE journal (
  pos           INTEGER PRIMARY KEY,
  business      INTEGER NOT NULL,
  contact       BLOB NOT NULL,
  entry         BLOB NOT NULL,
  version       INTEGER NOT NULL,       -- 1 for the entry itself; each correction or retraction +1
  kind          INTEGER NOT NULL,       -- leaf type: 1 entry, 2 correction, 3 retraction …
  contact_seq   INTEGER NOT NULL,
  leaf_index    INTEGER NOT NULL,
  recorded_at   INTEGER NOT NULL,
  occurred_at   INTEGER NOT NULL,
  record        TEXT NOT NULL,          -- RFC 8785
  salt          BLOB NOT NULL,          -- 32 bytes, then 32 for each attachment
  leaf          BLOB NOT NULL,          -- 66 bytes
  draft_digest  BLOB                    -- of a draft with a key: tells a repeat from a conflict
);

CREATE TABLE idempotency (
  h         INTEGER PRIMARY KEY,        -- keyed hash of (business, source, source_id), probed by +1
  key       BLOB NOT NULL,              -- 24 more bytes of that hash
  pos       INTEGER NOT NULL
);

-- Which journal rows follow on an entry's first: corrections and retractions.
CREATE TABLE supersession (
  business    INTEGER NOT NULL,
  entry       BLOB NOT NULL,
  version     INTEGER NOT NULL,
  pos         INTEGER NOT NULL,
  kind        INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (business, entry, version)
) WITHOUT ROWID;

CREATE TABLE pins (
  business    INTEGER NOT NULL,
  entry       BLOB NOT NULL,
  pinned_at   INTEGER NOT NULL,
  PRIMARY KEY (business, entry)
) WITHOUT ROWID;

CREATE TABLE attachments (
  business        INTEGER NOT NULL,
  id              BLOB NOT NULL,
  name            TEXT NOT NULL,
  media_type      TEXT NOT NULL,
  size            INTEGER NOT NULL,
  sha256          BLOB NOT NULL,        -- names the file under blobs/
  created_by_kind TEXT NOT NULL,
  created_by      BLOB NOT NULL,
  created_at      INTEGER NOT NULL,
  PRIMARY KEY (business, id)
);
CREATE INDEX attachments_by_hash ON attachments (sha256);

CREATE TABLE tasks (
  business      INTEGER NOT NULL,
  id            BLOB NOT NULL,
  contact       BLOB,
  entry         BLOB,                   -- the entry that it was created from
  private       INTEGER NOT NULL,       -- as that entry is: for who made it, the assignee, owners
  views         TEXT NOT NULL,          -- JSON array of log view keys, as of that entry
  title         TEXT NOT NULL,
  description   TEXT NOT NULL,
  due_at        INTEGER,
  assignee      BLOB,
  priority      TEXT NOT NULL,          -- low, normal, high
  status        TEXT NOT NULL,          -- open, completed, canceled
  version       INTEGER NOT NULL,
  created_by    TEXT NOT NULL,          -- JSON {kind,id,name}
  created_at    INTEGER NOT NULL,
  completed_at  INTEGER,
  PRIMARY KEY (business, id)
);
CREATE INDEX tasks_by_contact ON tasks (business, contact, status, due_at);
CREATE INDEX tasks_by_assignee ON tasks (business, assignee, status, due_at);
CREATE INDEX tasks_by_due ON tasks (business, status, due_at);

CREATE TABLE saved_filters (
  business    INTEGER NOT NULL,
  id          BLOB NOT NULL,
  owner       BLOB NOT NULL,            -- the staff member or API key
  name        TEXT NOT NULL,
  filter      TEXT NOT NULL,            -- a query string of GET /entries
  shared      INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  PRIMARY KEY (business, id)
) WITHOUT ROWID;
