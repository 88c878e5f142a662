package server

import (
	"context"

	"parlor/internal/id"
	"parlor/internal/knowledge"
	"parlor/internal/robot"
)

// robotDomain builds the robots.
func (s *Server) robotDomain() {
	d := &s.services
	d.robots = robot.New(robot.Deps{Store: s.store, Accounts: d.accounts, Conversations: d.conversations, Routing: d.routing, Visitors: d.visitors,
		Finder: articles{d.desk.knowledge}, Engines: s.newEngines(), Clock: s.opts.Clock, Log: s.log})
}

// articles are the knowledge base as robots use it.
type articles struct{ base *knowledge.Service }

// Find implements robot.Finder.
func (a articles) Find(ctx context.Context, t id.Tenant, q robot.Query) ([]robot.Match, error) {
	found, err := a.base.Find(ctx, t, knowledge.Query{Text: q.Text, Inbox: q.Inbox, Locale: q.Locale, Limit: q.Limit})
	list := make([]robot.Match, len(found))
	for i, m := range found {
		list[i] = robot.Match{Article: articleOf(m.Article), Score: m.Score}
	}
	return list, err
}

// Articles implements robot.Finder.
func (a articles) Articles(ctx context.Context, t id.Tenant, ids []string) ([]robot.Article, error) {
	found, err := a.base.Articles(ctx, t, ids)
	list := make([]robot.Article, len(found))
	for i, x := range found {
		list[i] = articleOf(x)
	}
	return list, err
}

// Counted implements robot.Finder.
func (a articles) Counted(ctx context.Context, t id.Tenant, article string, what robot.Count) error {
	return a.base.Counted(ctx, t, article, knowledge.Happening(what))
}

func articleOf(a knowledge.Article) robot.Article {
	out := robot.Article{ID: a.ID, Title: a.Title, Answer: a.Answer, Link: a.Link, LinkTitle: a.LinkTitle, Related: a.Related, Inboxes: a.Inboxes, Active: a.Active}
	if a.Picture != nil {
		out.Picture = a.Picture.ID
	}
	return out
}

// Robots gives tests, the demo and fronts the robots.
func (s *Server) Robots() *robot.Service { return s.services.robots }
