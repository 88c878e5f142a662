-- +goose Up
ALTER TABLE conversation_detail ADD COLUMN params TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE conversation_detail DROP COLUMN params;
