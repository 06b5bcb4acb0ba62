-- number is the order of arrival and is never used twice, not even after the newest job has expired.
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL CHECK (
        type = 'imagine' OR type = 'upscale' OR type = 'variation' OR type = 'describe' OR type = 'blend'
    ),
    status TEXT NOT NULL CHECK (
        status = 'pending' OR status = 'in_progress' OR status = 'completed' OR status = 'failed'
        OR status = 'cancelled'
    ),
    mode_rank INTEGER NOT NULL CHECK (mode_rank BETWEEN 0 AND 2),
    progress INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    prompt TEXT,
    parameters TEXT,
    orders TEXT NOT NULL,
    parent_id TEXT,
    image_index INTEGER CHECK (image_index BETWEEN 1 AND 4),
    prompts TEXT NOT NULL DEFAULT '[]',
    error_code TEXT,
    error_message TEXT,
    webhook_url TEXT,
    webhook_type TEXT NOT NULL CHECK (webhook_type IN ('result', 'progress')),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    ended_at BIGINT,
    CHECK ((ended_at IS NULL) = (status IN ('pending', 'in_progress'))),
    CHECK ((error_code IS NULL) = (error_message IS NULL)),
    CHECK ((parent_id IS NULL) = (type NOT IN ('upscale', 'variation')))
);

CREATE INDEX jobs_by_turn ON jobs (mode_rank, number) WHERE status = 'pending';
CREATE INDEX jobs_by_status ON jobs (status, number);
CREATE INDEX jobs_by_end ON jobs (ended_at) WHERE ended_at IS NOT NULL;

-- position is 0 for a grid, an upscale and a preview, 1 to 4 for the pictures of a grid.
CREATE TABLE pictures (
    token TEXT PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 4),
    preview INTEGER NOT NULL CHECK (preview IN (0, 1)),
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    content_type TEXT NOT NULL CHECK (content_type IN ('image/png', 'image/webp'))
);

CREATE INDEX pictures_by_job ON pictures (job_id, position);

-- A webhook that has still to be delivered; loose ones are sent without regard to the order of their job's others.
CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    loose INTEGER NOT NULL DEFAULT 0 CHECK (loose IN (0, 1)),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL
);

CREATE INDEX deliveries_by_job ON deliveries (job_id, number);
CREATE INDEX deliveries_by_time ON deliveries (due_at);
