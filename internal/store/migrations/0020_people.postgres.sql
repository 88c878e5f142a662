-- +goose Up
ALTER TABLE agent ADD COLUMN removed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE agent ADD COLUMN profile TEXT NOT NULL DEFAULT '{}';
CREATE INDEX agent_removed ON agent (tenant, removed_at, id) WHERE removed_at > 0;
ALTER TABLE credential ADD COLUMN hint TEXT NOT NULL DEFAULT '';
ALTER TABLE credential ADD COLUMN bypass BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE credential DROP COLUMN bypass;
ALTER TABLE credential DROP COLUMN hint;
DROP INDEX agent_removed;
ALTER TABLE agent DROP COLUMN profile;
ALTER TABLE agent DROP COLUMN removed_at;
