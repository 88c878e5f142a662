package contract

import (
	"context"

	"parlor/internal/canned"
	"parlor/internal/id"
)

// scopeWords are the scopes of canned replies in the words of the contract.
var scopeWords = map[canned.Scope]string{canned.Personal: "user", canned.Team: "department", canned.Company: "global"}

// CannedViews is the contract's form of replies. A tag of the company is shown
// with its name.
func (f *Kit) CannedViews(ctx context.Context, t id.Tenant, list []canned.Entry) ([]Object, error) {
	people, err := f.People(ctx, t)
	if err != nil {
		return nil, err
	}
	var tags []string
	for _, e := range list {
		tags = append(tags, e.Tags...)
	}
	names := map[string]string{}
	if len(tags) > 0 {
		if names, err = f.Tags.Names(ctx, t, tags); err != nil {
			return nil, err
		}
	}
	out := make([]Object, len(list))
	for i, e := range list {
		maker, username := string(e.CreatedBy), people[e.CreatedBy].Username
		if maker == "" {
			maker, username = BotID, BotID
		}
		o := Object{"_id": e.ID, "shortcut": e.Shortcut, "text": e.Text, "scope": scopeWords[e.Scope], "userId": maker,
			"createdBy": Object{"_id": maker, "username": username}, "_createdAt": StampOf(e.CreatedAt), "_updatedAt": StampOf(e.UpdatedAt)}
		shown := []string{}
		for _, tag := range e.Tags {
			if n := names[tag]; n != "" {
				tag = n
			}
			shown = append(shown, tag)
		}
		o["tags"] = shown
		switch e.Scope {
		case canned.Personal:
			o["userId"] = e.Owner
		case canned.Team:
			o["departmentId"] = e.Owner
		}
		out[i] = o
	}
	return out, nil
}
