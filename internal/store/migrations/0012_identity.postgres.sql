-- +goose Up
CREATE TABLE visitor_identity (
  visitor TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  token TEXT NOT NULL,
  username TEXT NOT NULL,
  team TEXT NOT NULL,
  status TEXT NOT NULL,
  host TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX visitor_identity_token ON visitor_identity (tenant, token) WHERE token <> '';
CREATE INDEX visitor_phone ON visitor (tenant, phone, last_seen) WHERE phone <> '';
CREATE INDEX visitor_email ON visitor (tenant, email, last_seen) WHERE email <> '';

CREATE TABLE counter (
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (tenant, name)
);

-- +goose Down
DROP TABLE counter;
DROP INDEX visitor_email;
DROP INDEX visitor_phone;
DROP TABLE visitor_identity;
