-- +goose Up
ALTER TABLE mailbox ADD COLUMN look TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE mailbox DROP COLUMN look;
