-- What is thrown away by age is found by age.
CREATE INDEX webhook_events_by_age ON webhook_events (received_at);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
CREATE INDEX audit_by_age ON audit (at);

-- How quickly jobs end, which tells how long a queue takes.
CREATE INDEX jobs_by_end ON jobs (ended_at) WHERE ended_at IS NOT NULL;
