-- +goose Up
-- A message moves one list instead of three: lists of a team walk that of the
-- company, whose entries hold the team; an agent has few enough to sort.
DROP INDEX conversation_active;
DROP INDEX conversation_active_team;
DROP INDEX conversation_active_agent;
CREATE INDEX conversation_active ON conversation (tenant, last_at, id, team, agent) WHERE status <> 'closed';
CREATE INDEX conversation_agent ON conversation (tenant, agent) WHERE status <> 'closed';
-- New entries lie together, beside the conversation's last ones.
DROP INDEX message_client;
CREATE UNIQUE INDEX message_client ON message (conversation, client_id, from_id) WHERE client_id <> '';

-- +goose Down
DROP INDEX message_client;
CREATE UNIQUE INDEX message_client ON message (client_id, conversation, from_id) WHERE client_id <> '';
DROP INDEX conversation_agent;
DROP INDEX conversation_active;
CREATE INDEX conversation_active ON conversation (tenant, last_at, id) WHERE status <> 'closed';
CREATE INDEX conversation_active_team ON conversation (tenant, team, last_at, id) WHERE status <> 'closed';
CREATE INDEX conversation_active_agent ON conversation (tenant, agent, last_at, id) WHERE status <> 'closed';
