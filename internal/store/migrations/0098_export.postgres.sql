-- +goose Up
CREATE TABLE export (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  format TEXT NOT NULL,
  filter TEXT NOT NULL,
  lang TEXT NOT NULL,
  zone TEXT NOT NULL,
  by_kind TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  row_count BIGINT NOT NULL,
  size BIGINT NOT NULL,
  place TEXT NOT NULL,
  clean BIGINT NOT NULL,
  turn BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  downloads BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  until BIGINT NOT NULL
);
CREATE INDEX export_at ON export (tenant, created_at, id);
CREATE INDEX export_by ON export (tenant, by_kind, by_id, created_at, id);

-- +goose Down
DROP TABLE export;
