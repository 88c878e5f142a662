package store

import (
	"context"
	"fmt"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/report"
)

var _ report.Store = (*Store)(nil)

// DueFacts implements report.Store.
func (s *Store) DueFacts(ctx context.Context, t id.Tenant, limit int) (list []conversation.Conversation, err error) {
	defer errs.Wrap(&err, "store.DueFacts")
	due := `SELECT d.conversation FROM fact_due d ORDER BY d.conversation LIMIT $1`
	args := []any{max(limit, 1)}
	if t != "" {
		due = `SELECT d.conversation FROM fact_due d WHERE d.tenant = $2 ORDER BY d.conversation LIMIT $1`
		args = append(args, string(t))
	}
	return all(ctx, s.readers, scanConversation, namedConversation+` WHERE c.id IN (`+due+`)`, args...)
}

// KeepFacts implements report.Store. The conversation is not due any more in the
// same transaction.
func (s *Store) KeepFacts(ctx context.Context, list []report.Fact, parts []report.Part) (err error) {
	defer errs.Wrap(&err, "store.KeepFacts")
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		for _, f := range list {
			if _, err := t.exec(ctx, `DELETE FROM fact WHERE conversation = $1`, string(f.Conversation)); err != nil {
				return err
			}
			if _, err := t.exec(ctx, `INSERT INTO fact (conversation, tenant, inbox, channel, team, agent, visitor, created_at, closed_at, end_by, wait, first, reaction,
				responses, response, longest, duration, service, messages, from_visitor, from_agent, transfers, abandoned)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`,
				string(f.Conversation), string(f.Tenant), string(f.Inbox), f.Channel, string(f.Team), string(f.Agent), string(f.Visitor), ms(f.CreatedAt),
				ms(f.ClosedAt), string(f.EndBy), span(f.Wait), span(f.First), span(f.Reaction), f.Responses, span(f.Response), span(f.Longest), span(f.Duration),
				span(f.Service), f.Messages, f.FromVisitor, f.FromAgent, f.Transfers, flag(f.Abandoned)); err != nil {
				return err
			}
			if _, err := t.exec(ctx, `DELETE FROM part WHERE conversation = $1`, string(f.Conversation)); err != nil {
				return err
			}
			if _, err := t.exec(ctx, `DELETE FROM fact_due WHERE conversation = $1`, string(f.Conversation)); err != nil {
				return err
			}
		}
		return keepParts(ctx, t, parts)
	})
}

// span is a time in milliseconds, -1 for one that was not.
func span(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return d.Milliseconds()
}

// factKeys are the expressions of the groups; $4 is the difference to UTC in
// milliseconds.
var factKeys = map[report.Group]string{
	report.Whole:     `''`,
	report.ByTeam:    `team`,
	report.ByAgent:   `agent`,
	report.ByChannel: `channel`,
	report.ByInbox:   `inbox`,
	report.ByHour:    `CAST((created_at + CAST($4 AS BIGINT)) % 86400000 / 3600000 AS TEXT)`,
	report.ByDay:     `CAST((created_at + CAST($4 AS BIGINT)) / 86400000 AS TEXT)`,
}

// where restricts facts or conversations to a query.
func (s *Store) within(t id.Tenant, q report.Query) (string, []any) {
	text, args := `tenant = $1 AND created_at >= $2 AND created_at < $3`, []any{string(t), ms(q.From), ms(q.To), q.Offset.Milliseconds()}
	if q.Team != "" {
		text, args = text+` AND team = $5`, append(args, string(q.Team))
	}
	if q.Bound {
		args = append(args, jsonList(q.Teams))
		text += ` AND team IN ` + s.dialect.list(fmt.Sprintf("$%d", len(args)))
	}
	return text, args
}

// FactSums implements report.Store. It walks the facts of the time once.
func (s *Store) FactSums(ctx context.Context, t id.Tenant, q report.Query) (list []report.Sum, err error) {
	defer errs.Wrap(&err, "store.FactSums")
	where, args := s.within(t, q)
	key := factKeys[q.Group]
	spans := ""
	for _, column := range []string{"wait", "first", "reaction", "duration"} {
		spans += `, SUM(CASE WHEN ` + column + ` >= 0 THEN 1 ELSE 0 END), SUM(CASE WHEN ` + column + ` >= 0 THEN ` + column + ` ELSE 0 END), MAX(` + column + `)`
	}
	list, err = all(ctx, s.readers, func(r row) (m report.Sum, err error) {
		var times [4][3]int64
		var responses, response, longest, served, service, longService int64
		dest := []any{&m.Key, &m.Count, &m.Messages, &m.Transfers, &m.Abandoned, &responses, &response, &longest, &served, &service, &longService}
		for i := range times {
			dest = append(dest, &times[i][0], &times[i][1], &times[i][2])
		}
		err = r.Scan(dest...)
		m.Closed = m.Count
		m.Response, m.Service = spanOf([3]int64{responses, response, longest}), spanOf([3]int64{served, service, longService})
		m.Wait, m.First, m.Reaction, m.Duration = spanOf(times[0]), spanOf(times[1]), spanOf(times[2]), spanOf(times[3])
		if q.Group == report.ByDay && err == nil {
			m.Key = dayOf(m.Key)
		}
		return m, err
	}, `SELECT `+key+` AS k, COUNT(*), SUM(messages), SUM(transfers), SUM(abandoned), SUM(responses), SUM(response), MAX(longest),
		SUM(CASE WHEN wait >= 0 THEN 1 ELSE 0 END), SUM(CASE WHEN wait >= 0 THEN service ELSE 0 END), MAX(service)`+spans+`
		FROM fact WHERE `+where+` AND CAST($4 AS BIGINT) = CAST($4 AS BIGINT) GROUP BY 1`, args...)
	return list, err
}

// spanOf makes a span of number, sum and longest in milliseconds.
func spanOf(v [3]int64) report.Span {
	return report.Span{N: int(v[0]), Sum: time.Duration(v[1]) * time.Millisecond, Longest: time.Duration(max(v[2], 0)) * time.Millisecond}
}

// dayOf writes the number of a day since 1970.
func dayOf(key string) string {
	var n int64
	for _, c := range key {
		n = n*10 + int64(c-'0')
	}
	return time.Unix(n*86400, 0).UTC().Format("2006-01-02")
}

// FactVisitors implements report.Store.
func (s *Store) FactVisitors(ctx context.Context, t id.Tenant, q report.Query) (n int, err error) {
	defer errs.Wrap(&err, "store.FactVisitors")
	where, args := s.within(t, q)
	n, _, err = first(ctx, s.readers, scalar[int], `SELECT COUNT(*) FROM (SELECT visitor FROM fact WHERE `+where+`
		UNION SELECT visitor FROM conversation WHERE `+where+` AND status <> 'closed' AND CAST($4 AS BIGINT) = CAST($4 AS BIGINT)) v`, args...)
	return n, err
}

// Running implements report.Store: the newest ones that run.
func (s *Store) Running(ctx context.Context, t id.Tenant, q report.Query, limit int) (list []conversation.Conversation, err error) {
	defer errs.Wrap(&err, "store.Running")
	text, args := ` WHERE c.tenant = $1 AND c.status <> 'closed' AND c.created_at >= $2 AND c.created_at < $3`, []any{string(t), ms(q.From), ms(q.To), max(limit, 1)}
	if q.Team != "" {
		text, args = text+` AND c.team = $5`, append(args, string(q.Team))
	}
	if q.Bound {
		args = append(args, jsonList(q.Teams))
		text += ` AND c.team IN ` + s.dialect.list(fmt.Sprintf("$%d", len(args)))
	}
	return all(ctx, s.readers, scanConversation, namedConversation+text+` ORDER BY c.last_at DESC, c.id DESC LIMIT $4`, args...)
}

// TagSums implements report.Store.
func (s *Store) TagSums(ctx context.Context, t id.Tenant, q report.Query) (list []report.Sum, err error) {
	defer errs.Wrap(&err, "store.TagSums")
	where, args := s.within(t, q)
	return all(ctx, s.readers, func(r row) (m report.Sum, err error) { return m, r.Scan(&m.Key, &m.Count) },
		`SELECT COALESCE(k.tag, ''), COUNT(*) FROM (SELECT id FROM conversation WHERE `+where+` AND CAST($4 AS BIGINT) = CAST($4 AS BIGINT)) c
		LEFT JOIN tag_link k ON k.target = c.id GROUP BY 1 ORDER BY 2 DESC, 1`, args...)
}

// dayMS is a day in milliseconds.
const dayMS = 86_400_000

// NoteAvailable implements report.Store. Agents who are connected are few.
func (s *Store) NoteAvailable(ctx context.Context, now time.Time, gap time.Duration) (err error) {
	defer errs.Wrap(&err, "store.NoteAvailable")
	// While nobody is connected nothing is written.
	if _, ok, err := first(ctx, s.readers, scalar[string], `SELECT p.agent FROM presence p LIMIT 1`); err != nil || !ok {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO agent_time (tenant, day, agent, lasted, seen)
			SELECT DISTINCT a.tenant, CAST($2 AS BIGINT), a.id, 0, CAST($1 AS BIGINT) FROM presence p JOIN node n ON n.id = p.node AND n.lease_until > $1
			JOIN agent a ON a.id = p.agent AND a.tenant = p.tenant WHERE a.state = 'ready' AND a.disabled = 0
			ON CONFLICT (tenant, day, agent) DO UPDATE SET seen = excluded.seen, lasted = agent_time.lasted +
				CASE WHEN excluded.seen > agent_time.seen AND excluded.seen - agent_time.seen <= $3 THEN excluded.seen - agent_time.seen ELSE 0 END`,
			ms(now), ms(now)/dayMS, gap.Milliseconds())
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO agent_state (tenant, day, agent, state, lasted, seen)
			SELECT DISTINCT a.tenant, CAST($2 AS BIGINT), a.id, a.state, 0, CAST($1 AS BIGINT) FROM presence p JOIN node n ON n.id = p.node AND n.lease_until > $1
			JOIN agent a ON a.id = p.agent AND a.tenant = p.tenant WHERE a.disabled = 0
			ON CONFLICT (tenant, day, agent, state) DO UPDATE SET seen = excluded.seen, lasted = agent_state.lasted +
				CASE WHEN excluded.seen > agent_state.seen AND excluded.seen - agent_state.seen <= $3 THEN excluded.seen - agent_state.seen ELSE 0 END`,
			ms(now), ms(now)/dayMS, gap.Milliseconds())
		return err
	})
}

// AgentTimes implements report.Store.
func (s *Store) AgentTimes(ctx context.Context, t id.Tenant, q report.Query) (list []report.Available, err error) {
	defer errs.Wrap(&err, "store.AgentTimes")
	where, args := `x.tenant = $1 AND x.day >= $2 AND x.day <= $3`, []any{string(t), ms(q.From) / dayMS, (ms(q.To) - 1) / dayMS}
	if q.Bound {
		where += ` AND EXISTS (SELECT 1 FROM agent_team m WHERE m.tenant = x.tenant AND m.agent = x.agent AND m.team IN ` + s.dialect.list("$4") + `)`
		args = append(args, jsonList(q.Teams))
	}
	return all(ctx, s.readers, func(r row) (a report.Available, err error) {
		var lasted int64
		err = r.Scan(&a.Agent, &lasted)
		a.Lasted = time.Duration(lasted) * time.Millisecond
		return a, err
	}, `SELECT x.agent, CAST(SUM(x.lasted) AS BIGINT) FROM agent_time x WHERE `+where+` GROUP BY x.agent ORDER BY x.agent`, args...)
}
