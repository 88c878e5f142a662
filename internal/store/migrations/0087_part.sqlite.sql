-- +goose Up
CREATE TABLE part (
  conversation TEXT NOT NULL,
  n BIGINT NOT NULL,
  tenant TEXT NOT NULL,
  inbox TEXT NOT NULL,
  channel TEXT NOT NULL,
  team TEXT NOT NULL,
  agent TEXT NOT NULL,
  from_at BIGINT NOT NULL,
  until_at BIGINT NOT NULL,
  ended BIGINT NOT NULL,
  arrived BIGINT NOT NULL,
  passed BIGINT NOT NULL,
  first BIGINT NOT NULL,
  responses BIGINT NOT NULL,
  response BIGINT NOT NULL,
  longest BIGINT NOT NULL,
  from_visitor BIGINT NOT NULL,
  from_agent BIGINT NOT NULL,
  from_system BIGINT NOT NULL,
  PRIMARY KEY (conversation, n)
);
CREATE INDEX part_time ON part (tenant, from_at);
CREATE TABLE agent_state (
  tenant TEXT NOT NULL,
  day BIGINT NOT NULL,
  agent TEXT NOT NULL,
  state TEXT NOT NULL,
  lasted BIGINT NOT NULL,
  seen BIGINT NOT NULL,
  PRIMARY KEY (tenant, day, agent, state)
);
-- What ended lately is worked out anew, with its parts.
INSERT INTO fact_due (conversation, tenant) SELECT conversation, tenant FROM fact WHERE created_at > CAST(strftime('%s', 'now') AS BIGINT) * 1000 - 7776000000
  ON CONFLICT (conversation) DO NOTHING;

-- +goose Down
DROP TABLE agent_state;
DROP TABLE part;
