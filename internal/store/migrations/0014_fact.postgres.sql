-- +goose Up
CREATE TABLE fact_due (
  conversation TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL
);
CREATE INDEX fact_due_tenant ON fact_due (tenant, conversation);

CREATE TABLE fact (
  conversation TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  inbox TEXT NOT NULL,
  channel TEXT NOT NULL,
  team TEXT NOT NULL,
  agent TEXT NOT NULL,
  visitor TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  closed_at BIGINT NOT NULL,
  end_by TEXT NOT NULL,
  wait BIGINT NOT NULL,
  first BIGINT NOT NULL,
  reaction BIGINT NOT NULL,
  responses BIGINT NOT NULL,
  response BIGINT NOT NULL,
  longest BIGINT NOT NULL,
  duration BIGINT NOT NULL,
  service BIGINT NOT NULL,
  messages BIGINT NOT NULL,
  from_visitor BIGINT NOT NULL,
  from_agent BIGINT NOT NULL,
  transfers BIGINT NOT NULL,
  abandoned BIGINT NOT NULL
);
CREATE INDEX fact_started ON fact (tenant, created_at);
CREATE INDEX fact_team ON fact (tenant, team, created_at);

-- +goose Down
DROP TABLE fact;
DROP TABLE fact_due;
