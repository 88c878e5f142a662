-- +goose Up
CREATE TABLE canned_category (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  scope TEXT NOT NULL,
  owner TEXT NOT NULL,
  parent TEXT NOT NULL,
  name TEXT NOT NULL,
  sort BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX canned_category_owner ON canned_category (tenant, kind, scope, owner, sort, id);

CREATE TABLE canned_entry (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  scope TEXT NOT NULL,
  owner TEXT NOT NULL,
  category TEXT NOT NULL,
  title TEXT NOT NULL,
  shortcut TEXT NOT NULL,
  text TEXT NOT NULL,
  initials TEXT NOT NULL,
  language TEXT NOT NULL,
  file TEXT NOT NULL,
  file_info TEXT NOT NULL,
  uses BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  updated_by TEXT NOT NULL
);
CREATE INDEX canned_entry_owner ON canned_entry (tenant, kind, scope, owner, id);
CREATE INDEX canned_entry_file ON canned_entry (tenant, file) WHERE file <> '';
CREATE INDEX canned_entry_category ON canned_entry (tenant, category, id);

CREATE TABLE canned_use (
  tenant TEXT NOT NULL,
  agent TEXT NOT NULL,
  entry TEXT NOT NULL,
  uses BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, agent, entry)
) WITHOUT ROWID;
CREATE INDEX canned_use_recent ON canned_use (tenant, agent, last_at, entry);

CREATE TABLE canned_seed (
  tenant TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (tenant)
) WITHOUT ROWID;

CREATE TABLE tag (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  color TEXT NOT NULL,
  sort BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX tag_name ON tag (tenant, kind, name_key);
CREATE INDEX tag_tenant ON tag (tenant, kind, sort, id);

CREATE TABLE tag_link (
  target TEXT NOT NULL,
  tag TEXT NOT NULL,
  tenant TEXT NOT NULL,
  key BIGINT NOT NULL,
  agent TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (target, tag)
) WITHOUT ROWID;
CREATE INDEX tag_link_list ON tag_link (tenant, tag, key, target);

CREATE TABLE mention (
  tenant TEXT NOT NULL,
  agent TEXT NOT NULL,
  id TEXT NOT NULL,
  conversation TEXT NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  read_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, agent, id)
) WITHOUT ROWID;
CREATE INDEX mention_unread ON mention (tenant, agent, id) WHERE read_at = 0;

CREATE TABLE draft (
  tenant TEXT NOT NULL,
  agent TEXT NOT NULL,
  conversation TEXT NOT NULL,
  text TEXT NOT NULL,
  note BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (tenant, agent, conversation)
) WITHOUT ROWID;
CREATE INDEX draft_recent ON draft (tenant, agent, at, conversation);

CREATE TABLE colleague_group (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  owner TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE colleague_member (
  tenant TEXT NOT NULL,
  room TEXT NOT NULL,
  agent TEXT NOT NULL,
  joined_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, room, agent)
) WITHOUT ROWID;
CREATE INDEX colleague_member_agent ON colleague_member (tenant, agent, room);

CREATE TABLE colleague_recent (
  tenant TEXT NOT NULL,
  agent TEXT NOT NULL,
  peer TEXT NOT NULL,
  grouped BIGINT NOT NULL,
  unread BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  last_text TEXT NOT NULL,
  last_from TEXT NOT NULL,
  PRIMARY KEY (tenant, agent, peer)
) WITHOUT ROWID;
CREATE INDEX colleague_recent_list ON colleague_recent (tenant, agent, last_at, peer);

CREATE TABLE session_type (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  parent TEXT NOT NULL,
  name TEXT NOT NULL,
  code TEXT NOT NULL,
  sort BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX session_type_tenant ON session_type (tenant, sort, id);

CREATE TABLE summary (
  conversation TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  visitor TEXT NOT NULL,
  agent TEXT NOT NULL,
  team TEXT NOT NULL,
  text TEXT NOT NULL,
  class TEXT NOT NULL,
  follow_kind TEXT NOT NULL,
  follow_at BIGINT NOT NULL,
  follow_contact TEXT NOT NULL,
  state TEXT NOT NULL,
  note TEXT NOT NULL,
  handled_by TEXT NOT NULL,
  handled_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX summary_due ON summary (tenant, follow_at, conversation) WHERE state = 'open';
CREATE INDEX summary_due_agent ON summary (tenant, agent, follow_at, conversation) WHERE state = 'open';
CREATE INDEX summary_due_team ON summary (tenant, team, follow_at, conversation) WHERE state = 'open';
CREATE INDEX summary_class ON summary (tenant, class, conversation);

CREATE TABLE field (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  options TEXT NOT NULL,
  required BIGINT NOT NULL,
  masked BIGINT NOT NULL,
  sort BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX field_key ON field (tenant, key);
CREATE INDEX field_tenant ON field (tenant, sort, id);

CREATE TABLE visitor_field (
  visitor TEXT NOT NULL,
  field TEXT NOT NULL,
  tenant TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (visitor, field)
) WITHOUT ROWID;
CREATE INDEX visitor_field_field ON visitor_field (tenant, field, visitor);

CREATE TABLE block (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  visitor TEXT NOT NULL,
  address TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  reason TEXT NOT NULL,
  conversation TEXT NOT NULL,
  agent TEXT NOT NULL,
  agent_name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  until BIGINT NOT NULL
);
CREATE INDEX block_tenant ON block (tenant, id);
CREATE INDEX block_expiry ON block (until) WHERE until > 0;

ALTER TABLE conversation ADD COLUMN tags TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE conversation DROP COLUMN tags;
DROP TABLE block;
DROP TABLE visitor_field;
DROP TABLE field;
DROP TABLE summary;
DROP TABLE session_type;
DROP TABLE colleague_recent;
DROP TABLE colleague_member;
DROP TABLE colleague_group;
DROP TABLE draft;
DROP TABLE mention;
DROP TABLE tag_link;
DROP TABLE tag;
DROP TABLE canned_seed;
DROP TABLE canned_use;
DROP TABLE canned_entry;
DROP TABLE canned_category;
