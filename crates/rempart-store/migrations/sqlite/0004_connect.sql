-- What people decided of two observables: that they belong together, or that they do not. By value, so that it holds
-- whether anybody says anything of them at present or not.
CREATE TABLE connect_decision (
    first_kind TEXT NOT NULL, first_value TEXT NOT NULL, second_kind TEXT NOT NULL, second_value TEXT NOT NULL,
    together INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, decided INTEGER NOT NULL,
    PRIMARY KEY (first_kind, first_value, second_kind, second_value)
) STRICT, WITHOUT ROWID;
