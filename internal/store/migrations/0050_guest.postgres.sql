-- +goose Up
CREATE TABLE page_trigger (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  enabled BIGINT NOT NULL,
  rule TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX page_trigger_tenant ON page_trigger (tenant, created_at, id);

CREATE TABLE mailbox (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  email TEXT NOT NULL,
  account TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX mailbox_email ON mailbox (tenant, email);
CREATE INDEX mailbox_tenant ON mailbox (tenant, created_at, id);

ALTER TABLE conversation_detail ADD COLUMN call_status TEXT NOT NULL DEFAULT '';
CREATE INDEX visitor_identity_username ON visitor_identity (tenant, username);
CREATE INDEX visitor_first ON visitor (tenant, first_seen, id);

ALTER TABLE field ADD COLUMN visibility TEXT NOT NULL DEFAULT '';
ALTER TABLE field ADD COLUMN choices TEXT NOT NULL DEFAULT '';
ALTER TABLE field ADD COLUMN asks BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE field DROP COLUMN asks;
ALTER TABLE field DROP COLUMN choices;
ALTER TABLE field DROP COLUMN visibility;
DROP INDEX visitor_first;
DROP INDEX visitor_identity_username;
ALTER TABLE conversation_detail DROP COLUMN call_status;
DROP TABLE mailbox;
DROP TABLE page_trigger;
