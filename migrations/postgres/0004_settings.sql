-- Rows of the journal that tell of changed settings (ledger/ledger.h), few among many.
CREATE INDEX journal_settings ON journal (business, leaf_index) WHERE kind = 7;
