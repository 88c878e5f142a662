package store

import (
	"context"
	"fmt"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/report"
)

// keepParts adds the parts of conversations that have none.
func keepParts(ctx context.Context, t *tx, parts []report.Part) error {
	rows := make([][]any, len(parts))
	for i, p := range parts {
		rows[i] = []any{string(p.Conversation), p.Number, string(p.Tenant), string(p.Inbox), p.Channel, string(p.Team), string(p.Agent), ms(p.From), ms(p.Until),
			flag(p.Ended), flag(p.In), flag(p.Out), span(p.First), p.Responses, span(p.Response), span(p.Longest), p.FromVisitor, p.FromAgent, p.FromSystem}
	}
	return insertRows(ctx, t, `INSERT INTO part (conversation, n, tenant, inbox, channel, team, agent, from_at, until_at, ended, arrived, passed, first,
		responses, response, longest, from_visitor, from_agent, from_system)`, "", rows)
}

// partKeys are the expressions of the groups; $4 is the difference to UTC in
// milliseconds.
var partKeys = map[report.Group]string{
	report.Whole:     `''`,
	report.ByTeam:    `p.team`,
	report.ByAgent:   `p.agent`,
	report.ByChannel: `p.channel`,
	report.ByInbox:   `p.inbox`,
	report.ByHour:    `CAST((p.from_at + CAST($4 AS BIGINT)) % 86400000 / 3600000 AS TEXT)`,
	report.ByDay:     `CAST((p.from_at + CAST($4 AS BIGINT)) / 86400000 AS TEXT)`,
}

// PartSums implements report.Store. It walks the parts of the time once.
func (s *Store) PartSums(ctx context.Context, t id.Tenant, q report.Query) (list []report.PartSum, err error) {
	defer errs.Wrap(&err, "store.PartSums")
	where, args := `p.tenant = $1 AND p.from_at >= $2 AND p.from_at < $3`, []any{string(t), ms(q.From), ms(q.To), q.Offset.Milliseconds()}
	if q.Team != "" {
		where, args = where+` AND p.team = $5`, append(args, string(q.Team))
	}
	if q.Bound {
		args = append(args, jsonList(q.Teams))
		where += ` AND p.team IN ` + s.dialect.list(fmt.Sprintf("$%d", len(args)))
	}
	const said = `p.from_visitor + p.from_agent + p.from_system`
	return all(ctx, s.readers, func(r row) (m report.PartSum, err error) {
		var served, first, response [3]int64
		err = r.Scan(&m.Key, &m.Accepted, &m.Ended, &m.Valid, &m.In, &m.Out, &served[1], &served[2], &first[0], &first[1], &first[2],
			&response[0], &response[1], &response[2], &m.Rated, &m.Score, &m.FromVisitor, &m.FromAgent, &m.FromSystem, &m.Most)
		served[0] = int64(m.Accepted)
		m.Served, m.First, m.Response = spanOf(served), spanOf(first), spanOf(response)
		if q.Group == report.ByDay && err == nil {
			m.Key = dayOf(m.Key)
		}
		return m, err
	}, `SELECT `+partKeys[q.Group]+` AS k, COUNT(*), SUM(p.ended), SUM(CASE WHEN p.from_visitor > 0 AND p.from_agent > 0 THEN 1 ELSE 0 END), SUM(p.arrived), SUM(p.passed),
		SUM(p.until_at - p.from_at), MAX(p.until_at - p.from_at), SUM(CASE WHEN p.first >= 0 THEN 1 ELSE 0 END), SUM(CASE WHEN p.first >= 0 THEN p.first ELSE 0 END), MAX(p.first),
		SUM(p.responses), SUM(p.response), MAX(p.longest), SUM(CASE WHEN v.level <> '' THEN 1 ELSE 0 END), SUM(CASE WHEN v.level <> '' THEN v.score ELSE 0 END),
		SUM(p.from_visitor), SUM(p.from_agent), SUM(p.from_system), MAX(`+said+`)
		FROM part p LEFT JOIN survey v ON v.conversation = p.conversation
		WHERE `+where+` AND CAST($4 AS BIGINT) = CAST($4 AS BIGINT) GROUP BY 1`, args...)
}

// Stays implements report.Store: those that ended are facts, the others run.
func (s *Store) Stays(ctx context.Context, t id.Tenant, q report.Query, limit int) (list []report.Stay, err error) {
	defer errs.Wrap(&err, "store.Stays")
	where, args := s.within(t, q)
	args = append(args, max(limit, 1))
	return all(ctx, s.readers, func(r row) (v report.Stay, err error) {
		var from, until int64
		err = r.Scan(&from, &until)
		v.From, v.Until = at(from), at(until)
		return v, err
	}, `SELECT x.a, x.z FROM (SELECT created_at AS a, CASE WHEN wait >= 0 THEN created_at + wait ELSE closed_at END AS z FROM fact WHERE `+where+` AND NOT (wait < 0 AND agent LIKE 'robot-%')
		UNION ALL SELECT created_at, CASE WHEN status = 'queued' THEN 0 ELSE assigned_at END FROM conversation WHERE `+where+` AND status <> 'closed') x
		WHERE CAST($4 AS BIGINT) = CAST($4 AS BIGINT) LIMIT `+fmt.Sprintf("$%d", len(args)), args...)
}

// Seats implements report.Store.
func (s *Store) Seats(ctx context.Context, t id.Tenant, now time.Time, q report.Query) (n report.Seats, err error) {
	defer errs.Wrap(&err, "store.Seats")
	where, args := "", []any{string(t), ms(now)}
	if q.Bound {
		where = ` AND EXISTS (SELECT 1 FROM agent_team m WHERE m.tenant = a.tenant AND m.agent = a.id AND m.team IN ` + s.dialect.list("$3") + `)`
		args = append(args, jsonList(q.Teams))
	}
	n, _, err = first(ctx, s.readers, func(r row) (n report.Seats, err error) { return n, r.Scan(&n.Agents, &n.Places) },
		`SELECT COUNT(*), COALESCE(SUM(a.cap), 0) FROM agent a WHERE a.tenant = $1 AND a.disabled = 0
		AND EXISTS (SELECT 1 FROM presence p JOIN node n ON n.id = p.node AND n.lease_until > $2 WHERE p.agent = a.id AND p.tenant = a.tenant)`+where, args...)
	return n, err
}

// StateTimes implements report.Store.
func (s *Store) StateTimes(ctx context.Context, t id.Tenant, q report.Query) (list []report.Lasted, err error) {
	defer errs.Wrap(&err, "store.StateTimes")
	where, args := `x.tenant = $1 AND x.day >= $2 AND x.day <= $3`, []any{string(t), ms(q.From) / dayMS, (ms(q.To) - 1) / dayMS}
	if q.Bound {
		where += ` AND EXISTS (SELECT 1 FROM agent_team m WHERE m.tenant = x.tenant AND m.agent = x.agent AND m.team IN ` + s.dialect.list("$4") + `)`
		args = append(args, jsonList(q.Teams))
	}
	return all(ctx, s.readers, func(r row) (a report.Lasted, err error) {
		var lasted int64
		err = r.Scan(&a.Agent, &a.State, &lasted)
		a.Lasted = time.Duration(lasted) * time.Millisecond
		return a, err
	}, `SELECT x.agent, x.state, CAST(SUM(x.lasted) AS BIGINT) FROM agent_state x WHERE `+where+` GROUP BY x.agent, x.state ORDER BY x.agent, x.state`, args...)
}
