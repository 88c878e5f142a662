-- +goose Up
CREATE TABLE call_request (
  conversation TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  visitor TEXT NOT NULL,
  source TEXT NOT NULL,
  task TEXT NOT NULL,
  related TEXT NOT NULL,
  own BIGINT NOT NULL,
  round BIGINT NOT NULL,
  called TEXT NOT NULL,
  asked_at BIGINT NOT NULL,
  answered_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE call_request;
