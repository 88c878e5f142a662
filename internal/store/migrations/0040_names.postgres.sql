-- +goose Up
DROP INDEX message_client;
CREATE UNIQUE INDEX message_client ON message (client_id, conversation, from_id) WHERE client_id <> '';

-- +goose Down
DROP INDEX message_client;
CREATE UNIQUE INDEX message_client ON message (conversation, from_id, client_id) WHERE client_id <> '';
