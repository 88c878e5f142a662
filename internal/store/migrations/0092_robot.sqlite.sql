-- +goose Up
CREATE TABLE robot (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  agent TEXT NOT NULL,
  name TEXT NOT NULL,
  active BIGINT NOT NULL,
  body TEXT NOT NULL,
  secret TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX robot_tenant ON robot (tenant, id);
CREATE UNIQUE INDEX robot_agent ON robot (agent);
CREATE TABLE robot_inbox (
  tenant TEXT NOT NULL,
  inbox TEXT NOT NULL,
  robot TEXT NOT NULL,
  PRIMARY KEY (tenant, inbox)
);
CREATE TABLE robot_turn (
  conversation TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  done BIGINT NOT NULL,
  state TEXT NOT NULL,
  owner TEXT NOT NULL,
  lease BIGINT NOT NULL
);
CREATE TABLE robot_rating (
  conversation TEXT NOT NULL,
  seq BIGINT NOT NULL,
  tenant TEXT NOT NULL,
  helpful BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (conversation, seq)
);

-- +goose Down
DROP TABLE robot_rating;
DROP TABLE robot_turn;
DROP TABLE robot_inbox;
DROP TABLE robot;
