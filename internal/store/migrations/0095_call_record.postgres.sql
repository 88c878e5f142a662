-- +goose Up
ALTER TABLE call ADD COLUMN recorded BIGINT NOT NULL DEFAULT 0;
CREATE TABLE call_record (
  tenant TEXT NOT NULL,
  conversation TEXT NOT NULL,
  call TEXT NOT NULL,
  side TEXT NOT NULL,
  part BIGINT NOT NULL,
  file TEXT NOT NULL,
  starts BIGINT NOT NULL,
  length BIGINT NOT NULL,
  size BIGINT NOT NULL,
  video BIGINT NOT NULL,
  until BIGINT NOT NULL,
  PRIMARY KEY (call, file)
);
CREATE INDEX call_record_conversation ON call_record (conversation);

-- +goose Down
DROP TABLE call_record;
ALTER TABLE call DROP COLUMN recorded;
