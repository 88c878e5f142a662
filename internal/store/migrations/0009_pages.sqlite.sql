-- +goose Up
-- Roles that a company made before the permission existed keep what they could do.
UPDATE role SET permissions = json_insert(permissions, '$[#]', 'visitor.contact')
  WHERE permissions LIKE '[%' AND permissions NOT LIKE '%visitor.contact%';

ALTER TABLE tag ADD COLUMN archived BIGINT NOT NULL DEFAULT 0;

CREATE TABLE visit (
  tenant TEXT NOT NULL,
  visitor TEXT NOT NULL,
  since BIGINT NOT NULL,
  inbox TEXT NOT NULL,
  source TEXT NOT NULL,
  engine TEXT NOT NULL,
  keyword TEXT NOT NULL,
  campaign TEXT NOT NULL,
  referrer TEXT NOT NULL,
  country TEXT NOT NULL,
  province TEXT NOT NULL,
  city TEXT NOT NULL,
  os TEXT NOT NULL,
  browser TEXT NOT NULL,
  mobile BIGINT NOT NULL,
  PRIMARY KEY (tenant, visitor, since)
);

-- Indexes end with the result, so that rates are counted in them alone.
DROP INDEX invitation_at;
CREATE INDEX invitation_at ON invitation (tenant, at, id, result) WHERE at > 0;
CREATE INDEX invitation_inbox ON invitation (tenant, inbox, at, id, result);
CREATE INDEX invitation_result ON invitation (tenant, result, at, id);
CREATE INDEX survey_inbox ON survey (tenant, inbox, answered_at, conversation);
CREATE INDEX survey_team ON survey (tenant, team, answered_at, conversation);

-- +goose Down
DROP INDEX survey_team;
DROP INDEX survey_inbox;
DROP INDEX invitation_result;
DROP INDEX invitation_inbox;
DROP INDEX invitation_at;
CREATE INDEX invitation_at ON invitation (tenant, at, id);
DROP TABLE visit;
ALTER TABLE tag DROP COLUMN archived;
