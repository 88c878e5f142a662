-- +goose Up
CREATE TABLE tenant (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  number BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX tenant_number ON tenant (number);

CREATE TABLE inbox (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  channel TEXT NOT NULL,
  settings TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX inbox_tenant ON inbox (tenant, name, id);

CREATE TABLE agent (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL,
  username TEXT NOT NULL,
  username_key TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  cap BIGINT NOT NULL,
  disabled BIGINT NOT NULL,
  password_hash TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  state TEXT NOT NULL,
  state_reason TEXT NOT NULL,
  state_since BIGINT NOT NULL,
  open BIGINT NOT NULL,
  last_assigned_at BIGINT NOT NULL,
  idle_since BIGINT NOT NULL,
  lost_at BIGINT NOT NULL
);
CREATE INDEX agent_tenant ON agent (tenant, name, id);
CREATE UNIQUE INDEX agent_email ON agent (tenant, email_key) WHERE email_key <> '';
CREATE UNIQUE INDEX agent_username ON agent (tenant, username_key) WHERE username_key <> '';
CREATE INDEX agent_holding ON agent (id) WHERE open > 0;

CREATE TABLE team (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX team_name ON team (tenant, name);

CREATE TABLE agent_team (
  tenant TEXT NOT NULL,
  agent TEXT NOT NULL,
  team TEXT NOT NULL,
  PRIMARY KEY (tenant, agent, team)
) WITHOUT ROWID;

CREATE TABLE credential (
  hash TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  agent TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  csrf TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX credential_agent ON credential (tenant, agent);
CREATE INDEX credential_expiry ON credential (expires_at) WHERE expires_at > 0;

CREATE TABLE api_client (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE secret (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE visitor (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  inbox TEXT NOT NULL,
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  phone TEXT NOT NULL,
  memo TEXT NOT NULL,
  external TEXT NOT NULL,
  browser_key TEXT NOT NULL,
  locale TEXT NOT NULL,
  ip TEXT NOT NULL,
  os TEXT NOT NULL,
  browser TEXT NOT NULL,
  mobile BIGINT NOT NULL,
  referrer TEXT NOT NULL,
  visits BIGINT NOT NULL,
  first_seen BIGINT NOT NULL,
  last_seen BIGINT NOT NULL
);
CREATE UNIQUE INDEX visitor_browser ON visitor (tenant, inbox, browser_key) WHERE browser_key <> '';

CREATE TABLE page (
  visitor TEXT NOT NULL,
  n BIGINT NOT NULL,
  id TEXT NOT NULL,
  url TEXT NOT NULL,
  title TEXT NOT NULL,
  at BIGINT NOT NULL,
  until BIGINT NOT NULL,
  PRIMARY KEY (visitor, n)
) WITHOUT ROWID;

CREATE TABLE conversation (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  inbox TEXT NOT NULL,
  channel TEXT NOT NULL,
  visitor TEXT NOT NULL,
  status TEXT NOT NULL,
  agent TEXT NOT NULL,
  team TEXT NOT NULL,
  requested_agent TEXT NOT NULL,
  previous_agent TEXT NOT NULL,
  priority BIGINT NOT NULL,
  version BIGINT NOT NULL,
  page_url TEXT NOT NULL,
  page_title TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  queued_at BIGINT NOT NULL,
  queue_key BIGINT NOT NULL,
  assigned_at BIGINT NOT NULL,
  closed_at BIGINT NOT NULL,
  end_by TEXT NOT NULL,
  last_seq BIGINT NOT NULL,
  visible_seq BIGINT NOT NULL,
  prev_seq BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  last_text TEXT NOT NULL,
  last_kind TEXT NOT NULL,
  last_from TEXT NOT NULL,
  agent_read BIGINT NOT NULL,
  visitor_read BIGINT NOT NULL,
  unread BIGINT NOT NULL,
  waiting_since BIGINT NOT NULL
);
CREATE UNIQUE INDEX conversation_one_active ON conversation (tenant, visitor) WHERE status <> 'closed';
CREATE INDEX conversation_visitor ON conversation (tenant, visitor, created_at, id);
CREATE INDEX conversation_active ON conversation (tenant, last_at, id) WHERE status <> 'closed';
CREATE INDEX conversation_active_team ON conversation (tenant, team, last_at, id) WHERE status <> 'closed';
CREATE INDEX conversation_active_agent ON conversation (tenant, agent, last_at, id) WHERE status <> 'closed';
CREATE INDEX conversation_closed ON conversation (tenant, last_at, id) WHERE status = 'closed';
CREATE INDEX conversation_closed_team ON conversation (tenant, team, last_at, id) WHERE status = 'closed';
CREATE INDEX conversation_closed_agent ON conversation (tenant, agent, last_at, id) WHERE status = 'closed';
CREATE INDEX conversation_queue ON conversation (tenant, queue_key, id) WHERE status = 'queued';
CREATE INDEX conversation_queue_team ON conversation (tenant, team, queue_key, id) WHERE status = 'queued';
CREATE INDEX conversation_queue_named ON conversation (tenant, requested_agent, queue_key, id) WHERE status = 'queued';

CREATE TABLE message (
  conversation TEXT NOT NULL,
  seq BIGINT NOT NULL,
  prev BIGINT NOT NULL,
  id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  from_kind TEXT NOT NULL,
  from_id TEXT NOT NULL,
  from_name TEXT NOT NULL,
  text TEXT NOT NULL,
  meta TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (conversation, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX message_client ON message (conversation, from_id, client_id) WHERE client_id <> '';

CREATE TABLE outbox (
  pos INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  conversation TEXT NOT NULL,
  seq BIGINT NOT NULL,
  kind TEXT NOT NULL,
  at BIGINT NOT NULL
);

CREATE TABLE search_doc (
  pos BIGINT NOT NULL,
  conversation TEXT NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (pos)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE search_tokens USING fts5 (
  body, content = '', detail = none, columnsize = 0, tokenize = 'ascii'
);

CREATE TABLE decision (
  conversation TEXT NOT NULL,
  n BIGINT NOT NULL,
  agent TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (conversation, n)
) WITHOUT ROWID;

CREATE TABLE served (
  tenant TEXT NOT NULL,
  visitor TEXT NOT NULL,
  agent TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (tenant, visitor, agent)
) WITHOUT ROWID;

CREATE TABLE node (
  id TEXT NOT NULL PRIMARY KEY,
  lease_until BIGINT NOT NULL
);
CREATE INDEX node_lease ON node (lease_until);

CREATE TABLE presence (
  node TEXT NOT NULL,
  tenant TEXT NOT NULL,
  agent TEXT NOT NULL,
  PRIMARY KEY (node, tenant, agent)
) WITHOUT ROWID;
CREATE INDEX presence_agent ON presence (tenant, agent);

CREATE TABLE file (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  size BIGINT NOT NULL,
  width BIGINT NOT NULL,
  height BIGINT NOT NULL,
  thumb BIGINT NOT NULL,
  owner_kind TEXT NOT NULL,
  owner TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE job (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  key TEXT NOT NULL,
  run_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  last_error TEXT NOT NULL,
  buried BIGINT NOT NULL
);
CREATE INDEX job_run ON job (kind, run_at, id) WHERE buried = 0;
CREATE INDEX job_due ON job (kind, due_at) WHERE buried = 0;
CREATE UNIQUE INDEX job_key ON job (tenant, kind, key) WHERE key <> '' AND buried = 0;

CREATE TABLE colleague_message (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  low TEXT NOT NULL,
  high TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL,
  sender_name TEXT NOT NULL,
  text TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX colleague_pair ON colleague_message (tenant, low, high, at, id);

-- +goose Down
DROP TABLE search_tokens;
DROP TABLE search_doc;
DROP TABLE colleague_message;
DROP TABLE job;
DROP TABLE file;
DROP TABLE presence;
DROP TABLE node;
DROP TABLE served;
DROP TABLE decision;
DROP TABLE outbox;
DROP TABLE message;
DROP TABLE conversation;
DROP TABLE page;
DROP TABLE visitor;
DROP TABLE secret;
DROP TABLE api_client;
DROP TABLE credential;
DROP TABLE agent_team;
DROP TABLE team;
DROP TABLE agent;
DROP TABLE inbox;
DROP TABLE tenant;
