-- +goose Up
CREATE TABLE handover (
  conversation TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  from_agent TEXT NOT NULL,
  to_agent TEXT NOT NULL,
  note TEXT NOT NULL,
  by_name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX handover_expiry ON handover (expires_at);
CREATE INDEX handover_from ON handover (tenant, from_agent);
CREATE INDEX handover_to ON handover (tenant, to_agent);

-- +goose Down
DROP TABLE handover;
