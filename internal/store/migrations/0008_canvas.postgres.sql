-- +goose Up
CREATE TABLE canvas (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  conversation TEXT NOT NULL,
  file TEXT NOT NULL,
  width BIGINT NOT NULL,
  height BIGINT NOT NULL,
  layer TEXT NOT NULL,
  agent TEXT NOT NULL,
  version BIGINT NOT NULL,
  marks BIGINT NOT NULL,
  kept BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX canvas_file ON canvas (conversation, file);

CREATE TABLE canvas_mark (
  canvas TEXT NOT NULL,
  seq BIGINT NOT NULL,
  id TEXT NOT NULL,
  side TEXT NOT NULL,
  author TEXT NOT NULL,
  name TEXT NOT NULL,
  tool TEXT NOT NULL,
  colour TEXT NOT NULL,
  width BIGINT NOT NULL,
  points TEXT NOT NULL,
  gone BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (canvas, seq)
);
CREATE UNIQUE INDEX canvas_mark_id ON canvas_mark (canvas, author, id);

-- +goose Down
DROP TABLE canvas_mark;
DROP TABLE canvas;
