-- +goose Up
-- The index of an unfiltered list stands aside where a filtered list has one of
-- its own: only the unfiltered query names its condition. Without statistics the
-- planner would else walk everything and filter.
DROP INDEX audit_at;
CREATE INDEX audit_at ON audit (tenant, at, id) WHERE at > 0;
CREATE INDEX audit_kind ON audit (tenant, thing, at, id) WHERE at >= 1;
DROP INDEX summary_due;
CREATE INDEX summary_due ON summary (tenant, follow_at, conversation) WHERE state = 'open' AND follow_at > 0;
DROP INDEX survey_answered;
CREATE INDEX survey_answered ON survey (tenant, answered_at, conversation) WHERE answered_at > 0;
DROP INDEX leave_message_state;
CREATE INDEX leave_message_state ON leave_message (tenant, state, at, id) WHERE at > 0;

-- +goose Down
DROP INDEX leave_message_state;
CREATE INDEX leave_message_state ON leave_message (tenant, state, at, id);
DROP INDEX survey_answered;
CREATE INDEX survey_answered ON survey (tenant, answered_at, conversation);
DROP INDEX summary_due;
CREATE INDEX summary_due ON summary (tenant, follow_at, conversation) WHERE state = 'open';
DROP INDEX audit_kind;
DROP INDEX audit_at;
CREATE INDEX audit_at ON audit (tenant, at, id);
