-- When the row of a rate was written, by the same clock and in the same unit as full_at: where it lies ahead, the clock
-- has gone back since. Code of the last schema does not keep it, and what that writes is taken at its word.
ALTER TABLE rates ADD COLUMN written_at BIGINT NOT NULL DEFAULT 0;
