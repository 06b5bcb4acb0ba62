-- How often something may still be done, where several processes share the database: by name, the moment from which on
-- all of it is allowed again, in microseconds since 1970 by the clock of the database. It is written at each call of a
-- platform and is of use for minutes, so PostgreSQL need not keep it through a crash. With SQLite it stays empty.
CREATE /*+ postgresql UNLOGGED */ TABLE rates (
    name TEXT PRIMARY KEY,
    full_at BIGINT NOT NULL
);
