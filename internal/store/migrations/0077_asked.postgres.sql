-- +goose Up
ALTER TABLE conversation ADD COLUMN asked TEXT NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN bound_agent TEXT NOT NULL DEFAULT '';
CREATE INDEX conversation_queue_bound ON conversation (tenant, bound_agent, queue_key, id) WHERE status = 'queued' AND bound_agent <> '';

-- +goose Down
DROP INDEX conversation_queue_bound;
ALTER TABLE conversation DROP COLUMN bound_agent;
ALTER TABLE conversation DROP COLUMN asked;
