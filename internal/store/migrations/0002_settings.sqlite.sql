-- +goose Up
ALTER TABLE tenant ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE team ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE team DROP COLUMN settings;
ALTER TABLE tenant DROP COLUMN settings;
