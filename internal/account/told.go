package account

import (
	"context"
	"reflect"
	"slices"

	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// OptionsChanged is the payload of event.OptionsChanged: the ids of the options
// that are different now. It follows event.SettingsChanged.
type OptionsChanged struct{ IDs []string }

// RolesChanged is the payload of event.RolesChanged: the roles that an agent got
// and lost.
type RolesChanged struct {
	Agent      id.Agent
	Username   string
	Got, Ended []Role
}

// company reads the settings of a company as they are kept.
func (s *Service) company(ctx context.Context, t id.Tenant) (setting.Company, error) {
	list, err := s.store.Tenants(ctx)
	for _, x := range list {
		if x.ID == t {
			return x.Settings, err
		}
	}
	return setting.Company{}, err
}

// optionsChanged tells which options have another value than before.
func (s *Service) optionsChanged(t id.Tenant, before, after setting.Company) {
	var ids []string
	for _, o := range setting.Options() {
		if !reflect.DeepEqual(o.Value(before), o.Value(after)) {
			ids = append(ids, o.ID)
		}
	}
	if len(ids) == 0 {
		return
	}
	s.events.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.OptionsChanged, To: []event.Topic{event.ToOptions(t)}, At: s.clock.Now(), Data: &OptionsChanged{ids}})
}

// rolesChanged tells which roles an agent got and lost.
func (s *Service) rolesChanged(a Agent, before []Role) {
	d := RolesChanged{Agent: a.ID, Username: a.Username}
	after := a.Roles()
	for _, r := range after {
		if !slices.Contains(before, r) {
			d.Got = append(d.Got, r)
		}
	}
	for _, r := range before {
		if !slices.Contains(after, r) {
			d.Ended = append(d.Ended, r)
		}
	}
	if len(d.Got)+len(d.Ended) == 0 {
		return
	}
	s.events.Publish(&event.Event{ID: id.New(), Tenant: a.Tenant, Kind: event.RolesChanged, To: []event.Topic{event.ToAgents(a.Tenant)}, At: s.clock.Now(), Data: &d})
}
