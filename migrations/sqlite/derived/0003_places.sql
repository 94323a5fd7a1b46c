-- From a position of the journal to where its entry stands in time: a text search finds positions,
-- and only the newest of them are looked at.
CREATE INDEX timeline_all_by_pos ON timeline_all (business, pos);
