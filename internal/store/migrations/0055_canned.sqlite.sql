-- +goose Up
ALTER TABLE canned_entry ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE canned_entry ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
CREATE INDEX canned_entry_shortcut ON canned_entry (tenant, shortcut) WHERE shortcut <> '';

-- +goose Down
DROP INDEX canned_entry_shortcut;
ALTER TABLE canned_entry DROP COLUMN created_by;
ALTER TABLE canned_entry DROP COLUMN tags;
