-- What this Rempart has learnt itself, version by version. At most one of a task is in use.
CREATE TABLE model (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    task TEXT NOT NULL,
    body BLOB NOT NULL,
    card TEXT NOT NULL,
    actor TEXT NOT NULL,
    made INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX model_task ON model (task, number);
