package server

import (
	"context"

	"parlor/internal/engine"
	"parlor/internal/robot"
)

// engines are the answer engines as robots use them.
type engines struct{ client *engine.Client }

// newEngines returns engines under the guard of webhooks.
func (s *Server) newEngines() engines {
	return engines{engine.New(engine.Options{Private: s.opts.Config.WebhookPrivate == "allow", Agent: "Parlor/" + s.opts.Version})}
}

// Check implements robot.Engines.
func (e engines) Check(q robot.Ask) error { return e.client.Check(configOf(q)) }

func configOf(q robot.Ask) engine.Config {
	return engine.Config{BaseURL: q.BaseURL, Model: q.Model, Key: q.Key, Timeout: q.Timeout, MaxTokens: q.MaxTokens}
}

// Answer implements robot.Engines.
func (e engines) Answer(ctx context.Context, q robot.Ask) (robot.Told, error) {
	in := engine.Question{Text: q.Text, Locale: q.Locale, Company: q.Company}
	for _, t := range q.History {
		in.History = append(in.History, engine.Turn{Visitor: t.Visitor, Text: t.Text})
	}
	passages := make([]engine.Passage, len(q.Passages))
	for i, a := range q.Passages {
		passages[i] = engine.Passage{ID: a.ID, Title: a.Title, Text: a.Answer, Link: a.Link}
	}
	got, err := e.client.Answer(ctx, configOf(q), in, passages)
	return robot.Told{Text: got.Text, Sources: got.Sources, HandOff: got.HandOff, Nothing: got.Nothing}, err
}
