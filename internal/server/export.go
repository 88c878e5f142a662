package server

import (
	"context"

	"parlor/internal/actor"
	"parlor/internal/event"
	"parlor/internal/export"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/tag"
)

// exportDomain builds the exports and the runner of their jobs, which take long and
// must not keep others waiting.
func (s *Server) exportDomain() {
	s.services.exports = export.New(export.Deps{Store: s.store, Lists: s.store, Files: s.services.media, World: exportWorld{s}, Events: s.bus, Clock: s.opts.Clock,
		Wake: func() { s.exports.Wake() }, Log: s.log.With("component", "export")})
	s.exports = job.NewRunner(s.store, s.opts.Clock, s.log, s.guarded(s.services.exports.Workers()))
}

// exportPayload makes an empty payload of the exports' kind of event.
func exportPayload(k event.Kind) any {
	if k == event.ExportChanged {
		return &export.Changed{}
	}
	return nil
}

// exportWorld answers what exports ask of other domains.
type exportWorld struct{ s *Server }

// ActorOf implements export.World.
func (w exportWorld) ActorOf(ctx context.Context, t id.Tenant, a id.Agent) (actor.Actor, error) {
	return w.s.services.accounts.ActorOf(ctx, t, a)
}

// Names implements export.World.
func (w exportWorld) Names(ctx context.Context, t id.Tenant, lang string) (n export.Names, err error) {
	d := &w.s.services
	n = export.Names{Inboxes: map[id.Inbox]string{}, Teams: map[id.Team]string{}, Agents: map[id.Agent]string{}, Tags: map[string]string{},
		Levels: map[string]string{}, Reasons: map[string]string{}}
	book, err := d.accounts.Book(ctx, t)
	if err != nil {
		return n, err
	}
	for _, in := range book.Inboxes {
		n.Inboxes[in.ID] = in.Name
	}
	for _, team := range book.Teams {
		n.Teams[team.ID] = team.Name
	}
	said := book.RatingWords()
	for _, l := range said.Levels {
		n.Levels[l.Code] = l.Text.In(lang)
	}
	for _, r := range said.Reasons {
		n.Reasons[r.Code] = r.Text.In(lang)
	}
	agents, err := d.accounts.Authors(ctx, t)
	if err != nil {
		return n, err
	}
	for _, a := range agents {
		n.Agents[a.ID] = a.Name
	}
	tags, err := d.desk.tags.List(ctx, actor.ForSystem(t), tag.Conversation)
	for _, x := range tags {
		n.Tags[x.ID] = x.Name
	}
	return n, err
}

// Fields implements export.World.
func (w exportWorld) Fields(ctx context.Context, who actor.Actor) (func(map[string]string) map[string]string, error) {
	return w.s.services.desk.fields.Shower(ctx, who)
}
