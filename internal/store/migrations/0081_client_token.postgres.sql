-- +goose Up
CREATE TABLE client_token (
  hash TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  client TEXT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX client_token_client ON client_token (client, expires_at);

-- +goose Down
DROP TABLE client_token;
