-- +goose Up
ALTER TABLE agent ADD COLUMN also TEXT NOT NULL DEFAULT '';
CREATE TABLE grant_roles (
  tenant TEXT NOT NULL,
  permission TEXT NOT NULL,
  roles TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, permission)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE grant_roles;
ALTER TABLE agent DROP COLUMN also;
