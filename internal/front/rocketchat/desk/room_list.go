package desk

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
	"parlor/internal/id"
)

// roomLists adds the lists of rooms.
func (f *Front) roomLists() {
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/rooms", Do: f.listRooms, Auth: true},
		contract.Route{Method: http.MethodGet, Path: "livechat/rooms/filters", Do: f.roomFilters, Auth: true, Needs: []string{"view-l-room"}},
	)
}

// roomsShape is the query of GET livechat/rooms, in which departments are one or many.
func roomsShape(departments contract.Shape) contract.Shape {
	return contract.Dict(contract.Maybe("agents", contract.List(contract.Text)), contract.Maybe("units", contract.List(contract.Text)), contract.Maybe("tags", contract.List(contract.Text)), contract.Maybe("priorityId", contract.Text), contract.Maybe("roomName", contract.Text),
		contract.Maybe("departmentId", departments), contract.Maybe("open", contract.Text), contract.Maybe("onhold", contract.Text), contract.Maybe("queued", contract.Text), contract.Maybe("createdAt", contract.Text), contract.Maybe("closedAt", contract.Text),
		contract.Maybe("customFields", contract.Text), contract.Maybe("sort", contract.Text), contract.Maybe("fields", contract.Text), contract.Maybe("query", contract.Text), contract.Maybe("offset", contract.Text), contract.Maybe("count", contract.Text))
}

// listRooms answers GET livechat/rooms: those of everybody, or an agent's own.
func (f *Front) listRooms(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ RoomName, PriorityID string }
	shape := roomsShape(contract.Text)
	if len(c.Args()["departmentId[]"]) > 0 || len(c.Args()["departmentId"]) > 1 {
		shape = roomsShape(contract.List(contract.Text))
	}
	if err := c.ReadQuery(shape, &in); err != nil {
		return nil, err
	}
	agents, err := f.agentIDs(ctx, c, c.List("agents"))
	if err != nil {
		return nil, err
	}
	who, err := f.mayList(ctx, c, agents)
	if err != nil {
		return nil, err
	}
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	q := conversation.Query{Agents: agents, State: stateOf(c), Offset: w.Offset, Limit: max(w.Count, 1)}
	if inner := strings.Trim(in.RoomName, `"`); len(in.RoomName) == len(inner)+2 {
		q.Exact = inner
	} else {
		q.Name = in.RoomName
	}
	if ok, err := f.teamsAsked(ctx, c, &q); err != nil || !ok {
		return contract.Page("rooms", []contract.RoomView(nil), w), err
	}
	if in.PriorityID != "" {
		q.Levels = []string{in.PriorityID}
	}
	if err := f.narrow(ctx, c, &q); err != nil {
		return nil, err
	}
	if tags := c.List("tags"); len(tags) > 0 {
		if q.Tags, err = f.Tags.Named(ctx, c.Tenant, tags); err != nil || len(q.Tags) == 0 {
			return contract.Page("rooms", []contract.RoomView(nil), w), err
		}
	}
	found, total, err := f.Conversations.Look(ctx, who, q)
	if err != nil {
		return nil, err
	}
	return f.roomPage(ctx, c, "rooms", found, w, total)
}

// teamsAsked reads departments and units; ok is false if no team is in both.
func (f *Front) teamsAsked(ctx context.Context, c *contract.Call, q *conversation.Query) (ok bool, err error) {
	for _, t := range c.List("departmentId") {
		q.Teams = append(q.Teams, id.Team(t))
	}
	units := c.List("units")
	if len(units) == 0 {
		return true, nil
	}
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return false, err
	}
	var teams []id.Team
	for _, u := range book.Units {
		if slices.Contains(units, u.ID) {
			teams = append(teams, u.Teams...)
		}
	}
	if len(q.Teams) > 0 {
		teams = slices.DeleteFunc(teams, func(t id.Team) bool { return !slices.Contains(q.Teams, t) })
	}
	q.Teams = teams
	return len(teams) > 0, nil
}

// roomPage is a page of rooms with their departments.
func (f *Front) roomPage(ctx context.Context, c *contract.Call, name string, found []conversation.Conversation, w contract.Window, total int) (any, error) {
	rooms, err := f.RoomsOf(ctx, c.Tenant, found)
	if err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	for i := range rooms {
		if t, ok := book.Teams[rooms[i].Department]; ok {
			rooms[i].DepartmentOf = contract.Object{"_id": t.ID, "name": t.Name}
		}
	}
	return contract.Object{name: contract.Some(rooms), "count": len(rooms), "offset": w.Offset, "total": total}, nil
}

// mayList lends the caller what the list needs, or refuses.
func (f *Front) mayList(ctx context.Context, c *contract.Call, agents []id.Agent) (who actor.Actor, err error) {
	who = c.Who
	all, err := c.May(ctx, "view-livechat-rooms")
	if err != nil {
		return who, err
	}
	if all {
		return grant.Lend(who, "view-livechat-rooms"), nil
	}
	own, err := c.May(ctx, "view-l-room")
	if err != nil {
		return who, err
	}
	if !own || len(agents) != 1 || agents[0] != who.Agent {
		return who, contract.Refused()
	}
	return grant.Lend(who, "view-l-room"), nil
}

// agentIDs turns ids or usernames into ids; unknown ones stay as they are.
func (f *Front) agentIDs(ctx context.Context, c *contract.Call, names []string) ([]id.Agent, error) {
	if len(names) == 0 {
		return nil, nil
	}
	people, err := f.People(ctx, c.Tenant)
	var list []id.Agent
	for _, n := range names {
		a := id.Agent(n)
		for _, p := range people {
			if p.Username == n {
				a = p.ID
			}
		}
		list = append(list, a)
	}
	return list, err
}

// stateOf reads the states that a list asks for; waiting wins over the others.
func stateOf(c *contract.Call) conversation.State {
	on := func(name string) bool { return slices.Contains([]string{"t", "true", "1"}, c.Arg(name)) }
	switch {
	case on("queued"):
		return conversation.Waits
	case on("onhold"):
		return conversation.OnHold
	case c.Arg("open") == "true":
		return conversation.Served
	case c.Arg("open") == "false":
		return conversation.Ended
	}
	return ""
}

// roomOrders are the keys by which rooms can be sorted.
var roomOrders = map[string]conversation.Order{"ts": conversation.ByStart, "closedAt": conversation.ByEnd, "lm": conversation.ByLast,
	"_updatedAt": conversation.ByLast, "fname": conversation.ByName, "name": conversation.ByName, "msgs": conversation.ByUnread, "open": conversation.ByOpen}

// narrow reads times, fields and order.
func (f *Front) narrow(ctx context.Context, c *contract.Call, q *conversation.Query) (err error) {
	if q.Started, err = between(c, "createdAt"); err != nil {
		return err
	}
	if q.Closed, err = between(c, "closedAt"); err != nil {
		return err
	}
	if text := c.Arg("customFields"); text != "" {
		var values map[string]string
		if json.Unmarshal([]byte(text), &values) != nil {
			return contract.Plain(`The "customFields" query parameter must be a valid JSON.`)
		}
		q.Fields = map[string]*regexp.Regexp{}
		for k, v := range values {
			if q.Fields[k], err = regexp.Compile("(?i)" + v); err != nil {
				q.Fields[k] = regexp.MustCompile(regexp.QuoteMeta(v))
			}
		}
	}
	sort, err := c.Sort()
	if err != nil {
		return err
	}
	if len(sort) > 0 {
		q.Order, q.Rising = roomOrders[sort[0].Key], !sort[0].Desc
	}
	if text := c.Arg("fields"); text != "" && !json.Valid([]byte(text)) {
		return contract.Structured("error-invalid-fields", "Invalid fields parameter provided: \""+text+"\"")
	}
	return nil
}

// between reads a time with a start and an end out of a JSON parameter.
func between(c *contract.Call, name string) (p conversation.Span, err error) {
	text := c.Arg(name)
	if text == "" {
		return p, nil
	}
	var in struct{ Start, End string }
	if json.Unmarshal([]byte(text), &in) != nil {
		return p, contract.Plain(`The "` + name + `" query parameter must be a valid JSON.`)
	}
	for part, x := range map[string]struct {
		text string
		dest *time.Time
	}{"start": {in.Start, &p.From}, "end": {in.End, &p.To}} {
		if x.text == "" {
			continue
		}
		at, ok := contract.Date(x.text)
		if !ok {
			return p, contract.Plain(`The "` + name + "." + part + `" query parameter must be a valid date.`)
		}
		*x.dest = at
	}
	return p, nil
}

func (f *Front) roomFilters(ctx context.Context, c *contract.Call) (any, error) {
	channels, err := f.Conversations.Channels(ctx, c.Who)
	list := []contract.Object{}
	for _, ch := range channels {
		if kind := contract.SourceOf(ch); !slices.ContainsFunc(list, func(o contract.Object) bool { return o["type"] == kind }) {
			list = append(list, contract.Object{"type": kind})
		}
	}
	return contract.Object{"filters": list}, err
}
