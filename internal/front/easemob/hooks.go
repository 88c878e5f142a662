package easemob

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"parlor/internal/hook"
	"parlor/internal/id"
)

// formatName is what the webhooks' format of this contract is called.
const formatName = "easemob"

// keyLength is how many characters a signing key has that we choose.
const keyLength = 32

// webhooks registers the calls about addresses that get custom events. They know those
// of the contract's format only.
func (f *Front) webhooks() {
	f.serve(http.MethodGet, "webhooks", f.listHooks)
	f.serve(http.MethodPost, "webhooks", f.addHook)
	f.serve(http.MethodDelete, "webhooks/{id}", f.removeHook)
}

// hookOf is a webhook on the wire; its key is not.
func hookOf(h hook.Hook) object {
	names := []string{}
	for _, o := range h.Occasions {
		if name := occasions[o]; name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	numbers := []string{}
	for _, in := range h.Inboxes {
		numbers = append(numbers, serviceNumber+string(in))
	}
	return object{"id": h.ID, "name": h.Name, "url": h.URL, "eventNames": names, "imServiceNumbers": numbers, "status": enabled(!h.Active), "signed": h.Key != "", "createDateTime": h.CreatedAt.UnixMilli()}
}

func (f *Front) listHooks(ctx context.Context, c *call) (any, error) {
	page, size, err := c.page()
	if err != nil {
		return nil, err
	}
	all, err := f.Hooks.List(ctx, c.who)
	if err != nil {
		return nil, err
	}
	out := []object{}
	for _, h := range all {
		if h.Format == formatName {
			out = append(out, hookOf(h))
		}
	}
	from := min((page-1)*size, len(out))
	return list{entities: out[from:min(from+size, len(out))], total: len(out)}, nil
}

// addHook adds an address. Its key is told now and never again.
func (f *Front) addHook(ctx context.Context, c *call) (any, error) {
	var in struct {
		Name    string   `json:"name"`
		URL     string   `json:"url"`
		Events  []string `json:"eventNames"`
		Numbers []string `json:"imServiceNumbers"`
		Secret  string   `json:"secret"`
	}
	if err := c.json(&in); err != nil {
		return nil, err
	}
	h := hook.Hook{Name: in.Name, URL: in.URL, Format: formatName, Key: in.Secret, Timeout: hook.DefaultTimeout, Tries: hook.MaxTries, AnySuccess: true, Active: true}
	if strings.TrimSpace(h.Name) == "" {
		h.Name = "Easemob"
	}
	if h.Key == "" {
		h.Key = id.Secret(keyLength)
	}
	var err error
	if h.Occasions, err = occasionsOf(in.Events); err != nil {
		return nil, err
	}
	for _, number := range in.Numbers {
		inbox, err := f.inbox(ctx, c.tenant, number)
		if err != nil {
			return nil, err
		}
		h.Inboxes = append(h.Inboxes, inbox)
	}
	if h, err = f.Hooks.Save(ctx, c.who, h); err != nil {
		return nil, err
	}
	out := hookOf(h)
	out["secret"] = h.Key
	return out, nil
}

// occasionsOf are the occasions of events' names; all of them if none is named.
func occasionsOf(names []string) (out []hook.Occasion, err error) {
	found := map[string]bool{}
	for _, o := range hook.Occasions() {
		name := occasions[o]
		if name == "" || len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		found[name] = true
		out = append(out, o)
	}
	for _, name := range names {
		if !found[name] {
			return nil, faultParam
		}
	}
	return out, nil
}

func (f *Front) removeHook(ctx context.Context, c *call) (any, error) {
	h, err := f.Hooks.Hook(ctx, c.who, c.PathValue("id"))
	if err == nil && h.Format != formatName {
		err = faultNothing
	}
	if err != nil {
		return nil, err
	}
	return nil, f.Hooks.Delete(ctx, c.who, h.ID)
}
