-- +goose Up
-- The names that senders give their messages are known to the one writer, see sender_names.go.
DROP INDEX message_client;

-- +goose Down
CREATE UNIQUE INDEX message_client ON message (conversation, client_id, from_id) WHERE client_id <> '';
