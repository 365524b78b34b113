-- When what is known of an observable last changed: the position of the commit in the change log of
-- observables, which indexes and zones follow.
ALTER TABLE observable ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX observable_changed ON observable (changed, id);

-- Observables that nobody says anything of any more, until all that follow have had time to take them out.
CREATE TABLE observable_gone (
    changed INTEGER NOT NULL, kind INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (changed, kind, value)
) STRICT, WITHOUT ROWID;

-- What was there before is told once to whoever begins to follow.
UPDATE observable SET changed = 1;
