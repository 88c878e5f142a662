package server

import (
	"context"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/robot"
)

// robotDomain builds the robots.
func (s *Server) robotDomain() {
	d := &s.services
	d.robots = robot.New(robot.Deps{Store: s.store, Accounts: d.accounts, Conversations: d.conversations, Routing: d.routing, Visitors: d.visitors,
		Finder: noKnowledge{}, Engines: noEngine{}, Clock: s.opts.Clock, Log: s.log})
}

// noKnowledge knows no articles.
type noKnowledge struct{}

// Find implements robot.Finder.
func (noKnowledge) Find(context.Context, id.Tenant, robot.Query) ([]robot.Match, error) {
	return nil, nil
}

// Articles implements robot.Finder.
func (noKnowledge) Articles(context.Context, id.Tenant, []string) ([]robot.Article, error) {
	return nil, nil
}

// Counted implements robot.Finder.
func (noKnowledge) Counted(context.Context, id.Tenant, string, robot.Count) error { return nil }

// noEngine answers nothing.
type noEngine struct{}

// Answer implements robot.Engines.
func (noEngine) Answer(context.Context, robot.Ask) (robot.Told, error) {
	return robot.Told{}, errs.New(errs.Unavailable, "no_engine", "There is no answer engine.")
}

// Robots gives tests, the demo and fronts the robots.
func (s *Server) Robots() *robot.Service { return s.services.robots }
