-- +goose Up
-- Several nodes write: the index stays.
SELECT 1;

-- +goose Down
SELECT 1;
