-- +goose Up
ALTER TABLE knowledge_article ADD COLUMN used BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE knowledge_article DROP COLUMN used;
