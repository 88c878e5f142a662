package rocketchat

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/grant"
	"parlor/internal/id"
)

// roomLists adds the lists of rooms.
func (f *Front) roomLists() {
	f.add(
		route{method: http.MethodGet, path: "livechat/rooms", do: f.listRooms, auth: true},
		route{method: http.MethodGet, path: "livechat/rooms/filters", do: f.roomFilters, auth: true, needs: []string{"view-l-room"}},
	)
}

// roomsShape is the query of GET livechat/rooms.
var roomsShape = dict(maybe("agents", list(text)), maybe("units", list(text)), maybe("tags", list(text)), maybe("priorityId", text), maybe("roomName", text),
	maybe("departmentId", text), maybe("open", text), maybe("onhold", text), maybe("queued", text), maybe("createdAt", text), maybe("closedAt", text),
	maybe("customFields", text), maybe("sort", text), maybe("fields", text), maybe("query", text), maybe("offset", text), maybe("count", text))

// listRooms answers GET livechat/rooms: those of everybody, or an agent's own.
func (f *Front) listRooms(ctx context.Context, c *call) (any, error) {
	for _, name := range []string{"agents", "tags", "units"} {
		if v := c.args()[name]; len(v) == 1 {
			c.args()[name+"[]"] = v
			delete(c.args(), name)
		}
	}
	var in struct{ RoomName, DepartmentID, PriorityID string }
	if err := c.readQuery(roomsShape, &in); err != nil {
		return nil, err
	}
	agents, err := f.agentIDs(ctx, c, c.list("agents"))
	if err != nil {
		return nil, err
	}
	who, err := f.mayList(ctx, c, agents)
	if err != nil {
		return nil, err
	}
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	q := conversation.Query{Agents: agents, Name: in.RoomName, State: stateOf(c), Offset: w.offset, Limit: max(w.count, 1)}
	if in.DepartmentID != "" {
		q.Teams = []id.Team{id.Team(in.DepartmentID)}
	}
	if in.PriorityID != "" {
		q.Levels = []string{in.PriorityID}
	}
	if err := f.narrow(ctx, c, &q); err != nil {
		return nil, err
	}
	if tags := c.list("tags"); len(tags) > 0 {
		if q.Tags, err = f.Tags.Named(ctx, c.tenant, tags); err != nil || len(q.Tags) == 0 {
			return page("rooms", []roomView(nil), w), err
		}
	}
	found, total, err := f.Conversations.Look(ctx, who, q)
	if err != nil {
		return nil, err
	}
	return f.roomPage(ctx, c, "rooms", found, w, total)
}

// roomPage is a page of rooms with their departments.
func (f *Front) roomPage(ctx context.Context, c *call, name string, found []conversation.Conversation, w window, total int) (any, error) {
	rooms, err := f.roomsOf(ctx, c.tenant, found)
	if err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	for i := range rooms {
		if t, ok := book.Teams[rooms[i].Department]; ok {
			rooms[i].DepartmentOf = object{"_id": t.ID, "name": t.Name}
		}
	}
	return object{name: some(rooms), "count": len(rooms), "offset": w.offset, "total": total}, nil
}

// mayList lends the caller what the list needs, or refuses.
func (f *Front) mayList(ctx context.Context, c *call, agents []id.Agent) (who actor.Actor, err error) {
	who = c.who
	all, err := c.may(ctx, "view-livechat-rooms")
	if err != nil {
		return who, err
	}
	if all {
		return grant.Lend(who, "view-livechat-rooms"), nil
	}
	own, err := c.may(ctx, "view-l-room")
	if err != nil {
		return who, err
	}
	if !own || len(agents) != 1 || agents[0] != who.Agent {
		return who, refused()
	}
	return grant.Lend(who, "view-l-room"), nil
}

// agentIDs turns ids or usernames into ids; unknown ones stay as they are.
func (f *Front) agentIDs(ctx context.Context, c *call, names []string) ([]id.Agent, error) {
	if len(names) == 0 {
		return nil, nil
	}
	people, err := f.people(ctx, c.tenant)
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
func stateOf(c *call) conversation.State {
	on := func(name string) bool { return slices.Contains([]string{"t", "true", "1"}, c.arg(name)) }
	switch {
	case on("queued"):
		return conversation.Waits
	case on("onhold"):
		return conversation.OnHold
	case c.arg("open") == "true":
		return conversation.Served
	case c.arg("open") == "false":
		return conversation.Ended
	}
	return ""
}

// roomOrders are the keys by which rooms can be sorted.
var roomOrders = map[string]conversation.Order{"ts": conversation.ByStart, "closedAt": conversation.ByEnd, "lm": conversation.ByLast,
	"_updatedAt": conversation.ByLast, "fname": conversation.ByName, "name": conversation.ByName, "msgs": conversation.ByUnread}

// narrow reads times, fields and order.
func (f *Front) narrow(ctx context.Context, c *call, q *conversation.Query) (err error) {
	if q.Started, err = c.between("createdAt"); err != nil {
		return err
	}
	if q.Closed, err = c.between("closedAt"); err != nil {
		return err
	}
	if text := c.arg("customFields"); text != "" {
		var values map[string]string
		if json.Unmarshal([]byte(text), &values) != nil {
			return plain(`The "customFields" query parameter must be a valid JSON.`)
		}
		q.Fields = map[string]*regexp.Regexp{}
		for k, v := range values {
			if q.Fields[k], err = regexp.Compile("(?i)" + v); err != nil {
				q.Fields[k] = regexp.MustCompile(regexp.QuoteMeta(v))
			}
		}
	}
	sort, err := c.sort()
	if err != nil {
		return err
	}
	if len(sort) > 0 {
		q.Order, q.Rising = roomOrders[sort[0].key], !sort[0].desc
	}
	if text := c.arg("fields"); text != "" && !json.Valid([]byte(text)) {
		return structured("error-invalid-fields", "Invalid fields parameter provided: \""+text+"\"")
	}
	return nil
}

// between reads a time with a start and an end out of a JSON parameter.
func (c *call) between(name string) (p conversation.Span, err error) {
	text := c.arg(name)
	if text == "" {
		return p, nil
	}
	var in struct{ Start, End string }
	if json.Unmarshal([]byte(text), &in) != nil {
		return p, plain(`The "` + name + `" query parameter must be a valid JSON.`)
	}
	for part, x := range map[string]struct {
		text string
		dest *time.Time
	}{"start": {in.Start, &p.From}, "end": {in.End, &p.To}} {
		if x.text == "" {
			continue
		}
		at, ok := date(x.text)
		if !ok {
			return p, plain(`The "` + name + "." + part + `" query parameter must be a valid date.`)
		}
		*x.dest = at
	}
	return p, nil
}

func (f *Front) roomFilters(ctx context.Context, c *call) (any, error) {
	channels, err := f.Conversations.Channels(ctx, c.who)
	list := []object{}
	for _, ch := range channels {
		if kind := sourceOf(ch); !slices.ContainsFunc(list, func(o object) bool { return o["type"] == kind }) {
			list = append(list, object{"type": kind})
		}
	}
	return object{"filters": list}, err
}
