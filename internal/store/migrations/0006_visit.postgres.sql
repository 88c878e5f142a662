-- +goose Up
CREATE TABLE online_visitor (
  tenant TEXT NOT NULL,
  visitor TEXT NOT NULL,
  inbox TEXT NOT NULL,
  node TEXT NOT NULL,
  since BIGINT NOT NULL,
  page_since BIGINT NOT NULL,
  url TEXT NOT NULL,
  title TEXT NOT NULL,
  source TEXT NOT NULL,
  engine TEXT NOT NULL,
  keyword TEXT NOT NULL,
  campaign TEXT NOT NULL,
  referrer TEXT NOT NULL,
  country TEXT NOT NULL,
  province TEXT NOT NULL,
  city TEXT NOT NULL,
  state TEXT NOT NULL,
  invites BIGINT NOT NULL,
  invited_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, visitor)
);
CREATE INDEX online_visitor_since ON online_visitor (tenant, since, visitor);
CREATE INDEX online_visitor_inbox ON online_visitor (tenant, inbox, since, visitor);
CREATE INDEX online_visitor_node ON online_visitor (node);

CREATE TABLE invitation (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  inbox TEXT NOT NULL,
  visitor TEXT NOT NULL,
  agent TEXT NOT NULL,
  agent_name TEXT NOT NULL,
  rule TEXT NOT NULL,
  text TEXT NOT NULL,
  url TEXT NOT NULL,
  title TEXT NOT NULL,
  at BIGINT NOT NULL,
  result TEXT NOT NULL,
  answered_at BIGINT NOT NULL
);
CREATE INDEX invitation_at ON invitation (tenant, at, id);
CREATE INDEX invitation_visitor ON invitation (tenant, visitor, at, id);

CREATE TABLE survey (
  conversation TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  inbox TEXT NOT NULL,
  visitor TEXT NOT NULL,
  visitor_name TEXT NOT NULL,
  agent TEXT NOT NULL,
  agent_name TEXT NOT NULL,
  team TEXT NOT NULL,
  level TEXT NOT NULL,
  score BIGINT NOT NULL,
  reasons TEXT NOT NULL,
  comment TEXT NOT NULL,
  asked BIGINT NOT NULL,
  answered_at BIGINT NOT NULL,
  edited_at BIGINT NOT NULL
);
CREATE INDEX survey_answered ON survey (tenant, answered_at, conversation);
CREATE INDEX survey_agent ON survey (tenant, agent, answered_at, conversation);
CREATE INDEX survey_level ON survey (tenant, level, answered_at, conversation);

CREATE TABLE leave_message (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  inbox TEXT NOT NULL,
  visitor TEXT NOT NULL,
  kind TEXT NOT NULL,
  conversation TEXT NOT NULL,
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  phone TEXT NOT NULL,
  content TEXT NOT NULL,
  fields TEXT NOT NULL,
  reason TEXT NOT NULL,
  url TEXT NOT NULL,
  title TEXT NOT NULL,
  at BIGINT NOT NULL,
  state TEXT NOT NULL,
  assignee TEXT NOT NULL,
  note TEXT NOT NULL,
  reply TEXT NOT NULL,
  replied_at BIGINT NOT NULL,
  replied_by TEXT NOT NULL,
  changed_at BIGINT NOT NULL,
  changed_by TEXT NOT NULL
);
CREATE INDEX leave_message_state ON leave_message (tenant, state, at, id);
CREATE INDEX leave_message_at ON leave_message (tenant, at, id);
CREATE INDEX leave_message_assignee ON leave_message (tenant, assignee, state, at, id);
CREATE INDEX leave_message_visitor ON leave_message (tenant, visitor, at, id);
CREATE UNIQUE INDEX leave_message_missed ON leave_message (conversation) WHERE kind = 'missed';

-- +goose Down
DROP TABLE leave_message;
DROP TABLE survey;
DROP TABLE invitation;
DROP TABLE online_visitor;
