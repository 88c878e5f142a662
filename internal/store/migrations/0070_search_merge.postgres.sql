-- +goose Up
-- Nothing to do: the index of PostgreSQL is kept by its own workers.
SELECT 1;

-- +goose Down
SELECT 1;
