-- +goose Up
CREATE TABLE binding (
  tenant TEXT NOT NULL,
  visitor_key TEXT NOT NULL,
  flag TEXT NOT NULL,
  visitor TEXT NOT NULL,
  agent TEXT NOT NULL,
  agent_name TEXT NOT NULL,
  until BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  change TEXT NOT NULL,
  moved BIGINT NOT NULL,
  how TEXT NOT NULL,
  rule TEXT NOT NULL,
  conversation TEXT NOT NULL,
  note TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  PRIMARY KEY (tenant, visitor_key, flag)
) WITHOUT ROWID;
CREATE INDEX binding_flag ON binding (tenant, flag, created_at, visitor_key);
CREATE INDEX binding_agent ON binding (tenant, agent, flag, created_at, visitor_key);
CREATE INDEX binding_end ON binding (until) WHERE until > 0;

CREATE TABLE binding_change (
  tenant TEXT NOT NULL,
  visitor_key TEXT NOT NULL,
  id TEXT NOT NULL,
  flag TEXT NOT NULL,
  visitor TEXT NOT NULL,
  action TEXT NOT NULL,
  agent TEXT NOT NULL,
  agent_name TEXT NOT NULL,
  at BIGINT NOT NULL,
  how TEXT NOT NULL,
  rule TEXT NOT NULL,
  conversation TEXT NOT NULL,
  note TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  PRIMARY KEY (tenant, visitor_key, id)
) WITHOUT ROWID;

CREATE TABLE binding_mark (
  tenant TEXT NOT NULL,
  conversation TEXT NOT NULL,
  rule TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (tenant, conversation, rule)
) WITHOUT ROWID;
CREATE INDEX binding_mark_at ON binding_mark (at);

-- +goose Down
DROP TABLE binding_mark;
DROP TABLE binding_change;
DROP TABLE binding;
