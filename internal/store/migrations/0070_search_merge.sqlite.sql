-- +goose Up
-- Segments of the search index are merged in small steps with each step of the
-- indexer. Left to itself the engine saves the work up and does 64 pages of
-- every level in one commit, for which all messages wait.
INSERT INTO search_tokens (search_tokens, rank) VALUES ('automerge', 0);
INSERT INTO search_tokens (search_tokens, rank) VALUES ('usermerge', 8);
INSERT INTO search_tokens (search_tokens, rank) VALUES ('crisismerge', 32);

-- +goose Down
INSERT INTO search_tokens (search_tokens, rank) VALUES ('automerge', 4);
INSERT INTO search_tokens (search_tokens, rank) VALUES ('usermerge', 4);
INSERT INTO search_tokens (search_tokens, rank) VALUES ('crisismerge', 16);
