-- +goose Up
CREATE TABLE agent_time (
  tenant TEXT NOT NULL,
  day BIGINT NOT NULL,
  agent TEXT NOT NULL,
  lasted BIGINT NOT NULL,
  seen BIGINT NOT NULL,
  PRIMARY KEY (tenant, day, agent)
);

-- +goose Down
DROP TABLE agent_time;
