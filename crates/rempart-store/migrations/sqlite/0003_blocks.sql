-- What is blocked in protective outputs, and what was. A row does not change but for its end.
CREATE TABLE block (
    id BLOB PRIMARY KEY, kind TEXT NOT NULL, value TEXT NOT NULL, class INTEGER NOT NULL,
    category INTEGER NOT NULL, reason TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
    ended INTEGER, ended_why TEXT
) STRICT, WITHOUT ROWID;
-- One value is blocked once at a time.
CREATE UNIQUE INDEX block_active ON block (kind, value) WHERE ended IS NULL;
CREATE INDEX block_due ON block (until) WHERE ended IS NULL;
CREATE INDEX block_value ON block (value);
CREATE INDEX block_ended ON block (ended) WHERE ended IS NOT NULL;

-- What each block stopped, by day (days since 1970) and country; who asked is not kept.
CREATE TABLE block_hit (
    block BLOB NOT NULL, day INTEGER NOT NULL, country TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (block, day, country)
) STRICT, WITHOUT ROWID;

-- Protective outputs: whether each is live, and the size from which its growth is measured.
CREATE TABLE output (
    name TEXT PRIMARY KEY, live INTEGER NOT NULL, baseline INTEGER NOT NULL, measured INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Networks, of which all are looked at when an address is looked up.
CREATE INDEX observable_network ON observable (value)
    WHERE value GLOB '[0-9a-f:]*/[0-9]*' AND value NOT GLOB '*://*';
