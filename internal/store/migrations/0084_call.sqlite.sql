-- +goose Up
CREATE TABLE call (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  conversation TEXT NOT NULL,
  number BIGINT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  side TEXT NOT NULL,
  agent TEXT NOT NULL,
  agent_name TEXT NOT NULL,
  visitor TEXT NOT NULL,
  visitor_name TEXT NOT NULL,
  invited_at BIGINT NOT NULL,
  answered_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  duration BIGINT NOT NULL,
  reason TEXT NOT NULL,
  ended_by TEXT NOT NULL,
  agent_quality TEXT NOT NULL,
  visitor_quality TEXT NOT NULL,
  agent_seen BIGINT NOT NULL,
  visitor_seen BIGINT NOT NULL
);
CREATE UNIQUE INDEX call_running ON call (conversation) WHERE ended_at = 0;
CREATE INDEX call_conversation ON call (conversation, id);
CREATE INDEX call_tenant ON call (tenant, id);
CREATE INDEX call_agent ON call (tenant, agent, id);

-- +goose Down
DROP TABLE call;
