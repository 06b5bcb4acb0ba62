-- What takes the longer the more jobs there are finds its few rows by an index; an index that leads nobody goes.
DROP INDEX jobs_of_workspace;

-- The last turn of a requester in a mode is read off the index alone.
DROP INDEX jobs_live_of_requester;
CREATE INDEX jobs_live_of_requester ON jobs (platform, workspace, user_id, mode_rank, turn) WHERE ended_at IS NULL;

-- So is the round that is being served.
CREATE INDEX jobs_in_flight ON jobs (mode_rank, turn)
    WHERE (submission = 'sending' OR submission = 'sent') AND ended_at IS NULL;

-- What has failed or was cancelled is rare among somebody's jobs. A new job is not in here, so it costs no command.
CREATE INDEX jobs_in_vain_of_requester ON jobs (workspace, user_id, id) WHERE status = 'failed' OR status = 'cancelled';
