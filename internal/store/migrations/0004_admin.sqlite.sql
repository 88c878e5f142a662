-- +goose Up
CREATE TABLE role (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  permissions TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX role_name ON role (tenant, name);
CREATE INDEX api_client_tenant ON api_client (tenant, name, id);

CREATE TABLE audit (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  at BIGINT NOT NULL,
  by_id TEXT NOT NULL,
  by_kind TEXT NOT NULL,
  by_name TEXT NOT NULL,
  action TEXT NOT NULL,
  thing TEXT NOT NULL,
  thing_id TEXT NOT NULL,
  name TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (tenant, at, id);
CREATE INDEX audit_thing ON audit (tenant, thing, thing_id, at, id);
CREATE INDEX audit_by ON audit (tenant, by_id, at, id);

CREATE TABLE inbox_seen (
  tenant TEXT NOT NULL,
  inbox TEXT NOT NULL,
  origin TEXT NOT NULL,
  page TEXT NOT NULL,
  first_at BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (tenant, inbox, origin)
) WITHOUT ROWID;

-- +goose Down
DROP INDEX api_client_tenant;
DROP TABLE inbox_seen;
DROP TABLE audit;
DROP TABLE role;
