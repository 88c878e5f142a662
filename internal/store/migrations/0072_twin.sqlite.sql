-- +goose Up
ALTER TABLE team ADD COLUMN twin BIGINT NOT NULL DEFAULT 0;
DROP INDEX team_name;
CREATE UNIQUE INDEX team_name ON team (tenant, name, twin);

-- +goose Down
DROP INDEX team_name;
CREATE UNIQUE INDEX team_name ON team (tenant, name);
ALTER TABLE team DROP COLUMN twin;
