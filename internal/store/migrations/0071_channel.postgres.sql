-- +goose Up
ALTER TABLE hook ADD COLUMN channel TEXT NOT NULL DEFAULT '';
ALTER TABLE conversation_detail ADD COLUMN origin TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE conversation_detail DROP COLUMN origin;
ALTER TABLE hook DROP COLUMN channel;
