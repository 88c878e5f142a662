-- +goose Up
ALTER TABLE conversation_detail ADD COLUMN record TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE conversation_detail DROP COLUMN record;
