-- +goose Up
ALTER TABLE conversation ADD COLUMN held_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX conversation_started ON conversation (tenant, created_at, id);
CREATE INDEX conversation_started_agent ON conversation (tenant, agent, created_at, id);
CREATE INDEX conversation_started_team ON conversation (tenant, team, created_at, id);
CREATE INDEX conversation_held ON conversation (tenant, created_at, id) WHERE held_at > 0;

CREATE TABLE conversation_detail (
  conversation TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  topic TEXT NOT NULL DEFAULT '',
  level TEXT NOT NULL DEFAULT '',
  weight BIGINT NOT NULL DEFAULT 0,
  agreement TEXT NOT NULL DEFAULT '',
  due BIGINT NOT NULL DEFAULT 0,
  ahead BIGINT NOT NULL DEFAULT 0,
  closed_by TEXT NOT NULL DEFAULT '',
  survey TEXT NOT NULL DEFAULT '',
  transcript TEXT NOT NULL DEFAULT ''
);
CREATE INDEX conversation_detail_agreement ON conversation_detail (tenant, agreement) WHERE agreement <> '';

CREATE TABLE conversation_field (
  conversation TEXT NOT NULL,
  field TEXT NOT NULL,
  tenant TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (conversation, field)
);
CREATE INDEX conversation_field_value ON conversation_field (tenant, field, conversation);

CREATE TABLE agreement (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  due BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX agreement_name ON agreement (tenant, name);

CREATE TABLE level (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, id)
);

CREATE INDEX mention_conversation ON mention (conversation);
CREATE INDEX draft_conversation ON draft (conversation);

-- +goose Down
DROP INDEX draft_conversation;
DROP INDEX mention_conversation;
DROP TABLE level;
DROP TABLE agreement;
DROP TABLE conversation_field;
DROP TABLE conversation_detail;
DROP INDEX conversation_held;
DROP INDEX conversation_started_team;
DROP INDEX conversation_started_agent;
DROP INDEX conversation_started;
ALTER TABLE conversation DROP COLUMN held_at;
