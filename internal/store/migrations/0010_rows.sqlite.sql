-- +goose Up
-- A reply of the company that visitors are offered while they type.
ALTER TABLE canned_entry ADD COLUMN visitors BIGINT NOT NULL DEFAULT 0;
-- What one agent did to one kind of thing.
CREATE INDEX audit_kind_by ON audit (tenant, thing, by_id, at, id);

-- +goose Down
DROP INDEX audit_kind_by;
ALTER TABLE canned_entry DROP COLUMN visitors;
