package account

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// Sheet is all settings of a company as one document. Teams are named by their
// names, so that a sheet fits another installation too.
type Sheet struct {
	// Version of the format: 1.
	Version int          `json:"version"`
	Company SheetCompany `json:"company"`
	Teams   []SheetTeam  `json:"teams"`
	Roles   []SheetRole  `json:"roles"`
	Inboxes []SheetInbox `json:"inboxes"`
}

// SheetCompany is the tenant in a sheet.
type SheetCompany struct {
	Name     string          `json:"name"`
	Settings setting.Company `json:"settings"`
}

// SheetTeam is a team in a sheet. A team whose name another one had before it has
// its id there, too, and is called by that.
type SheetTeam struct {
	ID       id.Team      `json:"id,omitempty"`
	Name     string       `json:"name"`
	Settings setting.Team `json:"settings"`
}

func (t SheetTeam) label() string { return cmp.Or(string(t.ID), t.Name) }

// SheetRole is a role in a sheet.
type SheetRole struct {
	Name        string             `json:"name"`
	Permissions []actor.Permission `json:"permissions"`
}

// SheetInbox is an inbox in a sheet; its public id is its identity.
type SheetInbox struct {
	ID       id.Inbox      `json:"id"`
	Name     string        `json:"name"`
	Settings setting.Inbox `json:"settings"`
}

// Step is one change that applying a sheet makes.
type Step struct {
	// Action is "create" or "update".
	Action string `json:"action" enum:"create,update"`
	// Thing is "company", "team", "role" or "inbox".
	Thing string `json:"thing"`
	Name  string `json:"name"`
	// Changes are the fields that differ, ordered by path.
	Changes []FieldChange `json:"changes"`
}

// FieldChange is one field that differs. Before or After is empty if the field is not there.
type FieldChange struct {
	Path   string `json:"path"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// maxSheet is the largest text of a sheet, in bytes.
const maxSheet = 4 << 20

// Text writes a sheet as YAML.
func (s Sheet) Text() (string, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	b, err = yaml.JSONToYAML(b)
	return string(b), err
}

// ReadSheet reads a sheet from YAML (or JSON, which is YAML). A field that does
// not exist is refused by name.
func ReadSheet(text string) (s Sheet, err error) {
	if len(text) > maxSheet {
		return s, errs.Field("sheet", "too_large", "The file has %d bytes; %d are allowed.", len(text), maxSheet)
	}
	b, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return s, errs.Field("sheet", "bad_yaml", "The file is not YAML: %v", err).Because(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, errs.Field("sheet", "bad_sheet", "The file is not a sheet of settings: %v", err).Because(err)
	}
	if s.Version != 1 {
		return s, errs.Field("version", "bad_version", "The version is %d; this program reads version 1.", s.Version)
	}
	return s, nil
}

// Export returns all settings of the tenant.
func (s *Service) Export(ctx context.Context, who actor.Actor) (out Sheet, err error) {
	defer errs.Wrap(&err, "account.Export")
	if err := administrator(who); err != nil {
		return out, err
	}
	book, err := s.books.read(ctx, who.Tenant)
	if err != nil {
		return out, err
	}
	return sheetOf(book)
}

func sheetOf(book *Book) (out Sheet, err error) {
	name := func(team string) (string, error) {
		if t, ok := book.Teams[id.Team(team)]; ok {
			return book.label(t), nil
		}
		return team, nil // a team that is gone keeps its id: the plan will name it
	}
	out = Sheet{Version: 1, Company: SheetCompany{book.Tenant.Name, book.Tenant.Settings.Shown()}, Teams: []SheetTeam{}, Roles: []SheetRole{}, Inboxes: []SheetInbox{}}
	if out.Company.Settings.Service, err = mapService(out.Company.Settings.Service, name); err != nil {
		return out, err
	}
	for _, t := range book.Teams {
		st, err := mapTeam(t.Settings, name)
		if err != nil {
			return out, err
		}
		in := SheetTeam{Name: t.Name, Settings: st}
		if label := book.label(t); label != t.Name {
			in.ID = id.Team(label)
		}
		out.Teams = append(out.Teams, in)
	}
	for _, r := range book.Roles {
		out.Roles = append(out.Roles, SheetRole{r.Name, r.Permissions})
	}
	for _, in := range book.Inboxes {
		st, err := mapInbox(in.Settings, name)
		if err != nil {
			return out, err
		}
		out.Inboxes = append(out.Inboxes, SheetInbox{in.ID, in.Name, st})
	}
	slices.SortFunc(out.Teams, func(a, b SheetTeam) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(string(a.ID), string(b.ID)))
	})
	slices.SortFunc(out.Roles, func(a, b SheetRole) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(out.Inboxes, func(a, b SheetInbox) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out, nil
}

// mapTeam, mapInbox and mapService put every name of a team through f.
func mapTeam(t setting.Team, f func(string) (string, error)) (_ setting.Team, err error) {
	if t.Parent != "" {
		if t.Parent, err = f(t.Parent); err != nil {
			return t, err
		}
	}
	if t.Fallback != "" {
		if t.Fallback, err = f(t.Fallback); err != nil {
			return t, err
		}
	}
	t.Forwards = slices.Clone(t.Forwards)
	for i, to := range t.Forwards {
		if t.Forwards[i], err = f(to); err != nil {
			return t, err
		}
	}
	t.Service, err = mapService(t.Service, f)
	return t, err
}

func mapInbox(in setting.Inbox, f func(string) (string, error)) (_ setting.Inbox, err error) {
	if in.Team != "" {
		if in.Team, err = f(in.Team); err != nil {
			return in, err
		}
	}
	in.Look.Teams = slices.Clone(in.Look.Teams)
	for i, t := range in.Look.Teams {
		if in.Look.Teams[i], err = f(t); err != nil {
			return in, err
		}
	}
	in.Service, err = mapService(in.Service, f)
	return in, err
}

func mapService(s setting.Service, f func(string) (string, error)) (_ setting.Service, err error) {
	s.Routing.Overflow = slices.Clone(s.Routing.Overflow)
	for i, o := range s.Routing.Overflow {
		if s.Routing.Overflow[i].Team, err = f(o.Team); err != nil {
			return s, err
		}
	}
	return s, nil
}

// Plan says what applying a sheet would change. What the sheet does not name
// stays as it is: nothing is deleted.
func (s *Service) Plan(ctx context.Context, who actor.Actor, sheet Sheet) (steps []Step, err error) {
	defer errs.Wrap(&err, "account.Plan")
	if err := administrator(who); err != nil {
		return nil, err
	}
	book, err := s.books.read(ctx, who.Tenant)
	if err != nil {
		return nil, err
	}
	if err := sheet.check(book); err != nil {
		return nil, err
	}
	have, err := sheetOf(book)
	if err != nil {
		return nil, err
	}
	add := func(thing, name string, before, after any) {
		c := diff(before, after)
		switch {
		case before == nil:
			steps = append(steps, Step{"create", thing, name, c})
		case len(c) > 0:
			steps = append(steps, Step{"update", thing, name, c})
		}
	}
	add("company", sheet.Company.Name, have.Company, sheet.Company)
	for _, t := range sheet.Teams {
		add("team", t.label(), found(have.Teams, func(o SheetTeam) bool { return o.label() == t.label() }), t)
	}
	for _, r := range sheet.Roles {
		add("role", r.Name, found(have.Roles, func(o SheetRole) bool { return o.Name == r.Name }), r)
	}
	for _, in := range sheet.Inboxes {
		add("inbox", string(in.ID), found(have.Inboxes, func(o SheetInbox) bool { return o.ID == in.ID }), in)
	}
	return steps, nil
}

// found returns the element that is meant, or nil.
func found[T any](list []T, is func(T) bool) any {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i]
	}
	return nil
}

// check refuses a sheet that cannot be applied as a whole.
func (s Sheet) check(book *Book) error {
	known := map[string]bool{}
	for _, t := range book.Teams {
		known[book.label(t)] = true
	}
	seen := map[string]bool{}
	once := func(thing, name string) error {
		if seen[thing+name] {
			return errs.Field(thing, "twice", "The %s %q is there twice.", thing, clip(name, 100))
		}
		seen[thing+name] = true
		return nil
	}
	for _, t := range s.Teams {
		known[t.label()] = true
	}
	team := func(name string) (string, error) {
		if !known[name] {
			return "", errs.Field("team", "team_not_found", "There is no team %q, and the sheet does not make one.", clip(name, 100))
		}
		return name, nil
	}
	if _, err := cleanName("company.name", s.Company.Name); err != nil {
		return err
	}
	if err := s.Company.Settings.Check(); err != nil {
		return err
	}
	if _, err := mapService(s.Company.Settings.Service, team); err != nil {
		return err
	}
	for _, t := range s.Teams {
		if _, err := cleanName("teams.name", t.Name); err != nil {
			return err
		}
		if t.ID != "" && !plainID.MatchString(string(t.ID)) {
			return errs.Field("teams.id", "bad_id", "%q is not the id of a team.", clip(string(t.ID), 60))
		}
		if err := firstOf(once("team", t.label()), t.Settings.Check()); err != nil {
			return err
		}
		if _, err := mapTeam(t.Settings, team); err != nil {
			return err
		}
	}
	for _, r := range s.Roles {
		if err := once("role", r.Name); err != nil {
			return err
		}
		for _, p := range r.Permissions {
			if !slices.Contains(actor.Permissions(), p) {
				return errs.Field("roles.permissions", "unknown_permission", "%q is not a permission.", clip(string(p), 60))
			}
		}
	}
	for _, in := range s.Inboxes {
		if _, ok := book.Inboxes[in.ID]; !ok {
			return errs.Field("inboxes.id", "inbox_not_found", "There is no inbox %q. Make it first: its public id is given by the server.", clip(string(in.ID), 64))
		}
		if err := firstOf(once("inbox", string(in.ID)), in.Settings.Check()); err != nil {
			return err
		}
		if _, err := mapInbox(in.Settings, team); err != nil {
			return err
		}
	}
	return nil
}

// firstOf returns the first error that is one.
func firstOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// Apply makes the changes of a sheet and returns them. The whole sheet is
// checked first. Applying a sheet twice changes nothing the second time.
func (s *Service) Apply(ctx context.Context, who actor.Actor, sheet Sheet) (steps []Step, err error) {
	defer errs.Wrap(&err, "account.Apply")
	if steps, err = s.Plan(ctx, who, sheet); err != nil || len(steps) == 0 {
		return steps, err
	}
	if err := s.applyTeams(ctx, who, sheet); err != nil {
		return steps, err
	}
	book, err := s.books.read(ctx, who.Tenant)
	if err != nil {
		return steps, err
	}
	ids := teamsByName(book)
	for _, r := range sheet.Roles {
		role := CustomRole{Name: r.Name, Permissions: r.Permissions}
		for _, have := range book.Roles {
			if have.Name == r.Name {
				role.ID = have.ID
			}
		}
		if _, err := s.SaveRole(ctx, who, role); err != nil {
			return steps, err
		}
	}
	for _, in := range sheet.Inboxes {
		st, err := mapInbox(in.Settings, ids)
		if err != nil {
			return steps, err
		}
		if err := s.SetInbox(ctx, who, Inbox{ID: in.ID, Name: in.Name, Settings: st}); err != nil {
			return steps, err
		}
	}
	company := sheet.Company.Settings
	if company.Service, err = mapService(company.Service, ids); err != nil {
		return steps, err
	}
	return steps, s.SetCompany(ctx, who, sheet.Company.Name, company)
}

// applyTeams makes the teams that are missing and then sets all of them, so that
// they may name one another in any order.
func (s *Service) applyTeams(ctx context.Context, who actor.Actor, sheet Sheet) error {
	book, err := s.books.read(ctx, who.Tenant)
	if err != nil {
		return err
	}
	ids := teamsByName(book)
	for _, t := range sheet.Teams {
		if _, err := ids(t.label()); err == nil {
			continue
		}
		if _, err := s.OpenTeam(ctx, who, Team{ID: t.ID, Name: t.Name, Shared: t.ID != ""}); err != nil {
			return err
		}
	}
	if book, err = s.books.read(ctx, who.Tenant); err != nil {
		return err
	}
	ids = teamsByName(book)
	for _, t := range sheet.Teams {
		st, err := mapTeam(t.Settings, ids)
		if err != nil {
			return err
		}
		tid, err := ids(t.label())
		if err != nil {
			return err
		}
		if err := s.SetTeam(ctx, who, Team{ID: id.Team(tid), Name: t.Name, Settings: st, Shared: t.ID != ""}); err != nil {
			return err
		}
	}
	return nil
}

// teamsByName returns a function from the name of a team to its id.
func teamsByName(book *Book) func(string) (string, error) {
	ids := map[string]string{}
	for _, t := range book.Teams {
		ids[book.label(t)] = string(t.ID)
	}
	return func(name string) (string, error) {
		if v, ok := ids[name]; ok {
			return v, nil
		}
		return "", errs.Field("team", "team_not_found", "There is no team %q.", clip(name, 100))
	}
}

// diff returns the fields in which two documents differ, ordered by path.
func diff(before, after any) []FieldChange {
	a, b := flatten(before), flatten(after)
	paths := map[string]bool{}
	for p := range a {
		paths[p] = true
	}
	for p := range b {
		paths[p] = true
	}
	list := []FieldChange{}
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		if a[p] != b[p] {
			list = append(list, FieldChange{p, a[p], b[p]})
		}
	}
	return list
}

// flatten returns the leaves of a document by path, as JSON.
func flatten(v any) map[string]string {
	out := map[string]string{}
	if v == nil {
		return out
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // settings are strings, numbers and lists of them
	}
	var doc any
	if err := json.Unmarshal(b, &doc); err != nil {
		panic(err)
	}
	walk(out, "", doc)
	return out
}

func walk(out map[string]string, path string, v any) {
	join := func(key string) string {
		if path == "" {
			return key
		}
		return path + "." + key
	}
	switch v := v.(type) {
	case map[string]any:
		for key, sub := range v {
			walk(out, join(key), sub)
		}
	case []any:
		for i, sub := range v {
			walk(out, join(fmt.Sprint(i)), sub)
		}
	default:
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		out[path] = string(b)
	}
}
