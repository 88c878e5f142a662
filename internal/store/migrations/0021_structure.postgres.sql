-- +goose Up
ALTER TABLE agent_team ADD COLUMN served BIGINT NOT NULL DEFAULT 0;
ALTER TABLE agent_team ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
CREATE INDEX agent_team_team ON agent_team (tenant, team, agent);

CREATE TABLE unit (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  visibility TEXT NOT NULL,
  extra TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX unit_tenant ON unit (tenant, name, id);

CREATE TABLE unit_team (
  tenant TEXT NOT NULL,
  team TEXT NOT NULL,
  unit TEXT NOT NULL,
  PRIMARY KEY (tenant, team)
);
CREATE INDEX unit_team_unit ON unit_team (tenant, unit, team);

CREATE TABLE unit_monitor (
  tenant TEXT NOT NULL,
  unit TEXT NOT NULL,
  agent TEXT NOT NULL,
  PRIMARY KEY (tenant, unit, agent)
);

ALTER TABLE tag ADD COLUMN about TEXT NOT NULL DEFAULT '';
ALTER TABLE tag ADD COLUMN teams TEXT NOT NULL DEFAULT '[]';

-- +goose Down
ALTER TABLE tag DROP COLUMN teams;
ALTER TABLE tag DROP COLUMN about;
DROP TABLE unit_monitor;
DROP TABLE unit_team;
DROP TABLE unit;
DROP INDEX agent_team_team;
ALTER TABLE agent_team DROP COLUMN place;
ALTER TABLE agent_team DROP COLUMN served;
