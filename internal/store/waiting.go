package store

import (
	"context"
	"encoding/json"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/routing"
)

// maxServed is how many former agents of a visitor routing looks at.
const maxServed = 10

// NextWaiting implements routing.Store. The queues of the teams are walked side by side and
// merged, so that a long queue that nobody may serve now is not read.
func (s *Store) NextWaiting(ctx context.Context, t id.Tenant, f routing.WaitingFilter) (list []routing.Waiting, err error) {
	defer errs.Wrap(&err, "store.NextWaiting")
	l := s.waitingListing(t, f)
	list, err = all(ctx, s.readers, scanWaiting, l.text(`c.id, c.inbox, c.visitor, c.version, c.team,
		c.requested_agent, c.previous_agent, c.priority, c.queued_at, c.created_at, c.bound_agent, CASE WHEN c.bound_agent <> '' THEN c.asked ELSE '' END`, ""), l.args...)
	if err != nil || len(list) == 0 {
		return list, err
	}
	return list, s.fillServed(ctx, t, list)
}

// waitingListing merges the queues that the given agents could serve.
func (s *Store) waitingListing(t id.Tenant, f routing.WaitingFilter) *listing {
	l := newListing(t, "queue_key", false, cursorBottom, min(max(f.Limit, 1), 1000))
	if f.Only != "" {
		l.walk("status = 'queued' AND id = " + l.arg(string(f.Only)))
		return l
	}
	if f.Bound {
		l.walk("status = 'queued' AND bound_agent <> ''")
		return l
	}
	// Whoever wants no team in particular may be served by anybody.
	teams := append([]id.Team{""}, f.Teams...)
	if len(teams) <= maxBranches {
		for _, team := range teams {
			l.walk("status = 'queued' AND team = " + l.arg(string(team)))
		}
	} else {
		l.walk("status = 'queued' AND team IN " + s.dialect.list(l.arg(jsonList(teams))))
	}
	if len(f.Agents) > 0 {
		list := s.dialect.list(l.arg(jsonList(f.Agents)))
		l.walk("status = 'queued' AND requested_agent IN " + list)
		l.walk("status = 'queued' AND bound_agent <> '' AND bound_agent IN " + list)
	}
	return l
}

// scanWaiting reads a queued conversation; Served is filled for the whole page later.
func scanWaiting(r row) (w routing.Waiting, err error) {
	var queued, created, key int64
	var bound, asked string
	if err = r.Scan(&w.Conversation, &w.Inbox, &w.Visitor, &w.Version, &w.Team, &w.Named, &w.Previous, &w.Priority, &queued, &created, &bound, &asked, &key); err != nil {
		return w, err
	}
	w.QueuedAt, w.Fresh = at(queued), queued == created
	if bound != "" {
		var a conversation.Asked
		err = json.Unmarshal([]byte(asked), &a)
		w.Bound = a.Bound
	}
	return w, err
}

// Known implements routing.Store.
func (s *Store) Known(ctx context.Context, t id.Tenant, v id.Visitor) (known bool, err error) {
	defer errs.Wrap(&err, "store.Known %s", v)
	_, known, err = first(ctx, s.readers, scalar[int64], `SELECT 1 FROM served WHERE tenant = $1 AND visitor = $2
		UNION ALL SELECT 1 FROM visitor_identity WHERE visitor = $2 AND tenant = $1 LIMIT 1`, string(t), string(v))
	return known, err
}

// ContactStates implements routing.Store.
func (s *Store) ContactStates(ctx context.Context, t id.Tenant, list []id.Conversation) (states map[id.Conversation]routing.ContactState, err error) {
	defer errs.Wrap(&err, "store.ContactStates")
	states = make(map[id.Conversation]routing.ContactState, len(list))
	_, err = all(ctx, s.readers, func(r row) (c id.Conversation, err error) {
		var unknown, verified int64
		err = r.Scan(&c, &unknown, &verified)
		states[c] = routing.ContactState{Unknown: unknown != 0, Verified: verified != 0}
		return c, err
	}, `SELECT c.id, x.unknown, k.verified FROM conversation c JOIN contact_channel k ON k.tenant = c.tenant AND k.visitor = c.visitor AND k.source = c.channel
		JOIN contact x ON x.id = k.contact WHERE c.tenant = $1 AND c.id IN `+s.dialect.list("$2"), string(t), jsonList(list))
	return states, err
}

// fillServed finds the former agents of all visitors of a page at once.
func (s *Store) fillServed(ctx context.Context, t id.Tenant, list []routing.Waiting) error {
	visitors := make([]id.Visitor, 0, len(list))
	for _, w := range list {
		visitors = append(visitors, w.Visitor)
	}
	type served struct {
		visitor id.Visitor
		agent   id.Agent
		manages bool
	}
	// Who looks after a contact stands before those who served its visitor: by the
	// channel of the visitor, else by its e-mail address.
	rows, err := all(ctx, s.readers, func(r row) (v served, err error) {
		var kind, when int64
		err = r.Scan(&v.visitor, &v.agent, &kind, &when)
		v.manages = kind < 2
		return v, err
	}, `SELECT k.visitor, x.manager, 0 AS kind, 0 AS at FROM contact_channel k JOIN contact x ON x.id = k.contact
			WHERE k.tenant = $1 AND k.visitor IN `+s.dialect.list("$2")+` AND x.manager <> ''
		UNION ALL SELECT v.id, x.manager, 1, 0 FROM visitor v JOIN contact_point p ON p.tenant = v.tenant AND p.kind = 'email' AND p.value = LOWER(v.email)
			JOIN contact x ON x.id = p.contact WHERE v.tenant = $1 AND v.id IN `+s.dialect.list("$2")+` AND v.email <> '' AND x.manager <> ''
		UNION ALL SELECT visitor, agent, 2, at FROM served WHERE tenant = $1 AND visitor IN `+s.dialect.list("$2")+`
		ORDER BY 1, 3, 4 DESC, 2`, string(t), jsonList(visitors))
	if err != nil {
		return err
	}
	by := make(map[id.Visitor][]id.Agent, len(list))
	managers := map[id.Visitor]id.Agent{}
	for _, r := range rows {
		if r.manages {
			if managers[r.visitor] == "" {
				managers[r.visitor] = r.agent
			}
			continue
		}
		if len(by[r.visitor]) < maxServed {
			by[r.visitor] = append(by[r.visitor], r.agent)
		}
	}
	for i := range list {
		list[i].Served, list[i].Manager = by[list[i].Visitor], managers[list[i].Visitor]
	}
	return nil
}

// Places implements routing.Store. One walk along the index of the queues numbers everybody who
// waits; only those whose place is told are read further.
func (s *Store) Places(ctx context.Context, t id.Tenant, limit int) (list []routing.Positions, err error) {
	defer errs.Wrap(&err, "store.Places")
	type place struct {
		team id.Team
		routing.Position
	}
	rows, err := all(ctx, s.readers, func(r row) (p place, err error) {
		return p, r.Scan(&p.team, &p.Conversation, &p.Visitor, &p.Place)
	}, `SELECT q.team, q.id, c.visitor, q.n FROM (SELECT team, id, ROW_NUMBER() OVER (PARTITION BY team ORDER BY queue_key, id) AS n
		FROM conversation WHERE tenant = $1 AND status = 'queued') q
		JOIN conversation c ON c.id = q.id WHERE q.n <= $2 ORDER BY q.team, q.n`, string(t), max(limit, 1))
	if err != nil {
		return nil, err
	}
	for _, p := range rows {
		if n := len(list); n == 0 || list[n-1].Team != p.team {
			list = append(list, routing.Positions{Team: p.team})
		}
		queue := &list[len(list)-1]
		queue.Places = append(queue.Places, p.Position)
	}
	return list, nil
}

// Place implements routing.Store. It counts the index entries before the conversation in its own
// queue.
func (s *Store) Place(ctx context.Context, t id.Tenant, c id.Conversation) (place int, err error) {
	defer errs.Wrap(&err, "store.Place %s", c)
	place, ok, err := first(ctx, s.readers, scalar[int], `SELECT CASE WHEN c.status <> 'queued' THEN 0 ELSE
		(SELECT COUNT(*) FROM conversation o WHERE o.tenant = c.tenant AND o.team = c.team AND o.status = 'queued'
			AND (o.queue_key, o.id) <= (c.queue_key, c.id)) END
		FROM conversation c WHERE c.id = $1 AND c.tenant = $2`, string(c), string(t))
	if err == nil && !ok {
		err = noConversation()
	}
	return place, err
}

// WaitingByTeam implements routing.Store. It reads the index of the queues only, whose size is the
// number of people who wait.
func (s *Store) WaitingByTeam(ctx context.Context, t id.Tenant) (count map[id.Team]int, err error) {
	defer errs.Wrap(&err, "store.WaitingByTeam")
	type queue struct {
		team id.Team
		n    int
	}
	queues, err := all(ctx, s.readers, func(r row) (q queue, err error) { return q, r.Scan(&q.team, &q.n) },
		`SELECT team, COUNT(*) FROM conversation WHERE tenant = $1 AND status = 'queued' GROUP BY team`, string(t))
	count = make(map[id.Team]int, len(queues))
	for _, q := range queues {
		count[q.team] = q.n
	}
	return count, err
}

// OpenByTeam implements routing.Store. It walks the index of the active conversations, whose size is
// the number of people who are being served.
func (s *Store) OpenByTeam(ctx context.Context, t id.Tenant) (count map[routing.AgentTeam]int, err error) {
	defer errs.Wrap(&err, "store.OpenByTeam")
	type load struct {
		routing.AgentTeam
		n int
	}
	loads, err := all(ctx, s.readers, func(r row) (l load, err error) { return l, r.Scan(&l.Agent, &l.Team, &l.n) },
		`SELECT agent, team, COUNT(*) FROM conversation WHERE tenant = $1 AND status = 'open' AND held_at = 0 AND team <> '' GROUP BY agent, team`, string(t))
	count = make(map[routing.AgentTeam]int, len(loads))
	for _, l := range loads {
		count[l.AgentTeam] = l.n
	}
	return count, err
}

// Standings implements routing.Store.
func (s *Store) Standings(ctx context.Context, t id.Tenant) (m map[routing.AgentTeam]routing.Standing, err error) {
	defer errs.Wrap(&err, "store.Standings")
	type standing struct {
		routing.AgentTeam
		routing.Standing
	}
	rows, err := all(ctx, s.readers, func(r row) (v standing, err error) { return v, r.Scan(&v.Agent, &v.Team, &v.Served, &v.Order) },
		`SELECT agent, team, served, place FROM agent_team WHERE tenant = $1`, string(t))
	m = make(map[routing.AgentTeam]routing.Standing, len(rows))
	for _, r := range rows {
		m[r.AgentTeam] = r.Standing
	}
	return m, err
}

// LostAgents implements routing.Store. An agent who never had a connection is
// lost once the newest assignment is older than before.
func (s *Store) LostAgents(ctx context.Context, before, now time.Time) (list []routing.LostAgent, err error) {
	defer errs.Wrap(&err, "store.LostAgents")
	return all(ctx, s.readers, func(r row) (a routing.LostAgent, err error) {
		var since int64
		err = r.Scan(&a.Tenant, &a.Agent, &a.Name, &a.Gone, &since)
		a.Since = at(since)
		return a, err
	}, `SELECT a.tenant, a.id, a.name, a.disabled <> 0, CASE WHEN a.lost_at > 0 THEN a.lost_at ELSE a.last_assigned_at END FROM agent a WHERE a.open > 0 AND (a.disabled <> 0 OR a.role <> 'bot' AND ' ' || a.also || ' ' NOT LIKE '% bot %')
		AND NOT EXISTS (SELECT 1 FROM presence p JOIN node n ON n.id = p.node
			WHERE p.tenant = a.tenant AND p.agent = a.id AND n.lease_until > $2)
		AND ((a.lost_at > 0 AND a.lost_at <= $1)
			OR (a.lost_at = 0 AND a.last_assigned_at <= $1 AND NOT EXISTS
				(SELECT 1 FROM presence p WHERE p.tenant = a.tenant AND p.agent = a.id)))
		ORDER BY a.id`, ms(before), ms(now))
}
