-- +goose Up
CREATE TABLE identity_key (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  inbox TEXT NOT NULL,
  by_name TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX identity_key_inbox ON identity_key (tenant, inbox, id);
CREATE TABLE visitor_pass (
  tenant TEXT NOT NULL,
  hash TEXT NOT NULL,
  visitor TEXT NOT NULL,
  until BIGINT NOT NULL,
  PRIMARY KEY (tenant, hash)
);
CREATE INDEX visitor_pass_visitor ON visitor_pass (visitor, until, hash);
ALTER TABLE visitor ADD COLUMN verified BIGINT NOT NULL DEFAULT 0;
ALTER TABLE visitor ADD COLUMN held BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE visitor DROP COLUMN held;
ALTER TABLE visitor DROP COLUMN verified;
DROP TABLE visitor_pass;
DROP TABLE identity_key;
