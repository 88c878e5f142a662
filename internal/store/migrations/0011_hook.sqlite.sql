-- +goose Up
CREATE TABLE hook (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  body TEXT NOT NULL,
  secret TEXT NOT NULL,
  sign_key TEXT NOT NULL,
  active BIGINT NOT NULL,
  created_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX hook_tenant ON hook (tenant, id);

CREATE TABLE hook_due (
  hook TEXT NOT NULL,
  subject TEXT NOT NULL,
  tenant TEXT NOT NULL,
  conversation TEXT NOT NULL,
  told BIGINT NOT NULL,
  last BIGINT NOT NULL,
  note TEXT NOT NULL,
  tries BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  PRIMARY KEY (hook, subject)
) WITHOUT ROWID;
CREATE INDEX hook_due_at ON hook_due (due_at);

CREATE TABLE hook_attempt (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  hook TEXT NOT NULL,
  delivery TEXT NOT NULL,
  occasion TEXT NOT NULL,
  conversation TEXT NOT NULL,
  number BIGINT NOT NULL,
  at BIGINT NOT NULL,
  took BIGINT NOT NULL,
  status BIGINT NOT NULL,
  failure TEXT NOT NULL,
  dead BIGINT NOT NULL,
  request TEXT NOT NULL,
  answer TEXT NOT NULL
);
CREATE INDEX hook_attempt_tenant ON hook_attempt (tenant, id);
CREATE INDEX hook_attempt_hook ON hook_attempt (tenant, hook, id);
CREATE INDEX hook_attempt_dead ON hook_attempt (tenant, id) WHERE dead = 1;
CREATE INDEX hook_attempt_talk ON hook_attempt (tenant, conversation, id) WHERE conversation <> '';
CREATE INDEX hook_attempt_at ON hook_attempt (at);

CREATE TABLE hook_answer (
  conversation TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  answer TEXT NOT NULL
) WITHOUT ROWID;

-- +goose Down
DROP TABLE hook_answer;
DROP TABLE hook_attempt;
DROP TABLE hook_due;
DROP TABLE hook;
