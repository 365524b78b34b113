-- The first schema. Times are microseconds since 1970; ids of STIX objects are found by a keyed
-- 64-bit hash (id_key) and then compared in full.

-- Small values of the instance: secrets, the head of the ledger, the last position.
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- Words that many rows share: object types and kinds of observables.
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;

-- The journal, in pages of fixed-size entries; head is the RFC 6962 tree head after the page.
CREATE TABLE ledger (
    first INTEGER PRIMARY KEY, count INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL,
    entries BLOB NOT NULL, head BLOB NOT NULL, signature BLOB NOT NULL
) STRICT;

-- What entries speak of where it is not an object: decisions and changes of settings.
CREATE TABLE event (seq INTEGER PRIMARY KEY, salt BLOB NOT NULL, payload TEXT NOT NULL) STRICT;

CREATE TABLE follower (name TEXT PRIMARY KEY, cursor INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE person (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, role INTEGER NOT NULL, uid INTEGER UNIQUE,
    since INTEGER NOT NULL, disabled INTEGER
) STRICT;

CREATE TABLE member (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, since INTEGER NOT NULL, left_at INTEGER,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE access_key (
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, person INTEGER REFERENCES person (id),
    member INTEGER REFERENCES member (id), scopes INTEGER NOT NULL, created INTEGER NOT NULL,
    expires INTEGER, revoked INTEGER
) STRICT;

CREATE TABLE failed_attempt (origin TEXT PRIMARY KEY, count INTEGER NOT NULL, since INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;

CREATE TABLE source (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, member INTEGER REFERENCES member (id), body TEXT NOT NULL
) STRICT;

-- A release class: all objects on the same terms.
CREATE TABLE class (id INTEGER PRIMARY KEY, terms TEXT NOT NULL UNIQUE) STRICT;
-- Since which position a member reads the class's own stream.
CREATE TABLE class_member (
    member INTEGER NOT NULL, class INTEGER NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (member, class)
) STRICT, WITHOUT ROWID;

CREATE TABLE object (
    seq INTEGER PRIMARY KEY, id_key INTEGER NOT NULL, type INTEGER NOT NULL, uuid BLOB NOT NULL,
    version INTEGER NOT NULL, class INTEGER NOT NULL, position INTEGER NOT NULL, source INTEGER NOT NULL,
    flags INTEGER NOT NULL, salt BLOB NOT NULL, digest BLOB NOT NULL, observables BLOB, placements BLOB,
    hints TEXT, body BLOB NOT NULL
) STRICT;
CREATE INDEX object_id ON object (id_key);
CREATE INDEX object_stream ON object (class, position);
-- Indicators are nearly everything and are found through the stream; the rest by type.
CREATE INDEX object_type ON object (type, position) WHERE type <> 1;

CREATE TABLE original (object INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;

-- Marking definitions that an object refers to and that have not come yet.
CREATE TABLE unresolved (
    definition INTEGER NOT NULL, object INTEGER NOT NULL, PRIMARY KEY (definition, object)
) STRICT, WITHOUT ROWID;
CREATE TABLE definition (
    id_key INTEGER NOT NULL, source INTEGER NOT NULL, marking TEXT NOT NULL, PRIMARY KEY (id_key, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE link (
    from_key INTEGER NOT NULL, kind INTEGER NOT NULL, to_key INTEGER NOT NULL, object INTEGER NOT NULL,
    PRIMARY KEY (from_key, kind, to_key, object)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_to ON link (to_key);
CREATE INDEX link_object ON link (object);
-- Beginnings of references whose object has not come yet.
CREATE TABLE dangling (id_key INTEGER PRIMARY KEY) STRICT;

CREATE TABLE observable (
    id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, kind INTEGER NOT NULL, value TEXT NOT NULL,
    probability INTEGER NOT NULL, category INTEGER NOT NULL, valid_until INTEGER, next_change INTEGER,
    override TEXT
) STRICT;
CREATE INDEX observable_hash ON observable (hash);
CREATE INDEX observable_due ON observable (next_change) WHERE next_change IS NOT NULL;

CREATE TABLE claim (
    observable INTEGER NOT NULL, object INTEGER NOT NULL, source INTEGER NOT NULL, stance INTEGER NOT NULL,
    category INTEGER NOT NULL, confidence INTEGER, received INTEGER NOT NULL, valid_from INTEGER,
    valid_until INTEGER, last_seen INTEGER, PRIMARY KEY (observable, object)
) STRICT, WITHOUT ROWID;

-- Change logs of what is kept per member: what came late (0), what concerns it (1), the same at
-- high confidence (2). collection = member * 4 + kind.
CREATE TABLE entry (
    collection INTEGER NOT NULL, position INTEGER NOT NULL, object INTEGER NOT NULL,
    PRIMARY KEY (collection, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_late ON entry (object) WHERE collection % 4 = 0;

CREATE TABLE status (
    id BLOB PRIMARY KEY, owner TEXT NOT NULL, created INTEGER NOT NULL, body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO word (id, text) VALUES (1, 'indicator');
INSERT INTO class (id, terms) VALUES (0, 'operator');
