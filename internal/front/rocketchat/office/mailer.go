package office

import (
	"context"
	"net/http"

	"parlor/internal/circular"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
)

// mailer adds the calls about letters to many users.
func (f *Front) mailer() {
	f.Add(
		contract.Route{Method: http.MethodPost, Path: "mailer", Do: f.sendCircular, Auth: true, Needs: []string{"send-mail"}},
		contract.Route{Method: http.MethodPost, Path: "mailer.unsubscribe", Do: f.unsubscribe, Auth: true},
	)
}

var mailerShape = contract.Dict(contract.Must("from", contract.Text), contract.Must("subject", contract.Text), contract.Must("body", contract.Text),
	contract.Maybe("dryrun", contract.Boolean.OrNull()), contract.Maybe("query", contract.Text.OrNull()))

func (f *Front) sendCircular(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		From, Subject, Body, Query string
		DryRun                     bool `json:"dryrun"`
	}
	if err := c.Read(mailerShape, &in); err != nil {
		return nil, err
	}
	_, err := f.Circulars.Send(ctx, c.Who, circular.Circular{From: in.From, Subject: in.Subject, Body: in.Body, Trial: in.DryRun, Query: in.Query})
	switch errs.ReasonOf(err) {
	case "bad_sender":
		return nil, contract.Structured("error-invalid-from-address", "Invalid from address")
	case "no_unsubscribe":
		return nil, contract.Structured("error-missing-unsubscribe-link", "You must provide the [unsubscribe] link.")
	case "unknown_sender":
		return nil, contract.Structured("error-invalid-user", "Invalid user")
	case "bad_query":
		return nil, contract.Structured("error-invalid-query", "Invalid query parameter provided: \""+in.Query[:min(len(in.Query), 200)]+"\"")
	}
	return contract.Object{}, err
}

func (f *Front) unsubscribe(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		ID        string `json:"_id"`
		CreatedAt string
	}
	if err := c.Read(contract.Dict(contract.Must("_id", contract.Text), contract.Must("createdAt", contract.Text)), &in); err != nil {
		return nil, err
	}
	return contract.Object{}, f.Circulars.UnsubscribeBy(ctx, c.Who, id.Agent(in.ID), in.CreatedAt)
}
