-- +goose Up
CREATE TABLE contact (
	id TEXT NOT NULL PRIMARY KEY,
	tenant TEXT NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	emails TEXT NOT NULL,
	phones TEXT NOT NULL,
	manager TEXT NOT NULL,
	unknown BIGINT NOT NULL,
	fields TEXT NOT NULL,
	conflicts TEXT NOT NULL,
	external TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	last_conversation TEXT NOT NULL DEFAULT '',
	last_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX contact_name ON contact (tenant, name_key, id);
CREATE INDEX contact_last ON contact (tenant, last_at, id);
CREATE INDEX contact_manager ON contact (tenant, manager, name_key, id) WHERE manager <> '';
CREATE UNIQUE INDEX contact_external ON contact (tenant, external) WHERE external <> '';
CREATE TABLE contact_point (
	contact TEXT NOT NULL,
	kind TEXT NOT NULL,
	value TEXT NOT NULL,
	tenant TEXT NOT NULL,
	PRIMARY KEY (contact, kind, value)
);
CREATE INDEX contact_point_value ON contact_point (tenant, kind, value, contact);
CREATE TABLE contact_channel (
	tenant TEXT NOT NULL,
	visitor TEXT NOT NULL,
	source TEXT NOT NULL,
	contact TEXT NOT NULL,
	verified BIGINT NOT NULL DEFAULT 0,
	blocked BIGINT NOT NULL DEFAULT 0,
	created_at BIGINT NOT NULL,
	last_conversation TEXT NOT NULL DEFAULT '',
	last_at BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (tenant, visitor, source)
);
CREATE INDEX contact_channel_contact ON contact_channel (contact, created_at);

-- +goose Down
DROP TABLE contact_channel;
DROP TABLE contact_point;
DROP TABLE contact;
