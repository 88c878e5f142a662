-- +goose Up
CREATE TABLE knowledge_category (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  parent TEXT NOT NULL,
  name TEXT NOT NULL,
  sort BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX knowledge_category_sort ON knowledge_category (tenant, sort, id);

CREATE TABLE knowledge_article (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  category TEXT NOT NULL,
  title TEXT NOT NULL,
  questions TEXT NOT NULL,
  answer TEXT NOT NULL,
  folded TEXT NOT NULL,
  link TEXT NOT NULL,
  link_title TEXT NOT NULL,
  picture TEXT NOT NULL,
  picture_info TEXT NOT NULL,
  related TEXT NOT NULL,
  inboxes TEXT NOT NULL,
  locale TEXT NOT NULL,
  active BIGINT NOT NULL,
  version BIGINT NOT NULL,
  wordings BIGINT NOT NULL,
  asked BIGINT NOT NULL,
  solved BIGINT NOT NULL,
  unsolved BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  updated_by TEXT NOT NULL
);
CREATE INDEX knowledge_article_tenant ON knowledge_article (tenant, id, wordings);
CREATE INDEX knowledge_article_updated ON knowledge_article (tenant, updated_at, id);
CREATE INDEX knowledge_article_category ON knowledge_article (tenant, category);
CREATE INDEX knowledge_article_picture ON knowledge_article (tenant, picture) WHERE picture <> '';

-- +goose Down
DROP TABLE knowledge_article;
DROP TABLE knowledge_category;
