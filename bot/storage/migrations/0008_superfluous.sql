-- Jobs of the image service's that nobody waits for, until it has let go of them: a request that was sent again turned up
-- after all, or its answer came when the job had ended already.
CREATE TABLE superfluous_jobs (
    upstream_id TEXT PRIMARY KEY,
    found_at BIGINT NOT NULL
);
