package binding

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// maxRefusals is how many refused lines a report names; the others are counted.
const maxRefusals = 1000

// window is how many lines are sorted by name before they are written: neighbours lie
// in the same pages of the database, which is what an import costs.
const window = 50_000

// maxKnown bounds the agents that an import remembers.
const maxKnown = 10_000

// Report says what an import did.
type Report struct {
	// Rows is how many lines were read, without a heading and empty ones.
	Rows int `json:"rows"`
	// Bound are new, Replaced had another agent or end, Same were so already.
	Bound    int `json:"bound"`
	Replaced int `json:"replaced"`
	Same     int `json:"same"`
	// Refused counts the lines that were left out; Refusals are the first of them.
	Refused  int       `json:"refused"`
	Refusals []Refusal `json:"refusals"`
}

// Refusal is one line that was left out.
type Refusal struct {
	Line    int    `json:"line"`
	Flag    string `json:"flag,omitempty"`
	Visitor string `json:"visitor,omitempty"`
	// Reason is a word: those of Bind, "bad_line" and "line_too_long".
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// ImportOptions say how lines are taken.
type ImportOptions struct {
	// Replace binds who is bound already anew; else such a line is refused.
	Replace bool
	// Note is kept with each change.
	Note string
	// Part is set for all pieces but the first of an import in pieces: only that is
	// written into the audit log.
	Part bool
}

// Import binds what r yields, in transactions of MaxTogether lines, so that messages
// do not wait for it. A line that cannot be taken is in the report and stops
// nothing; an import that is cut short has done the lines before. Webhooks are not
// told of imported bindings.
func (s *Service) Import(ctx context.Context, who actor.Actor, r *Reader, o ImportOptions) (rep Report, err error) {
	defer errs.Wrap(&err, "binding.Import")
	rep.Refusals = []Refusal{}
	if err = may(who); err != nil {
		return rep, err
	}
	if len([]rune(o.Note)) > MaxNote {
		return rep, errs.Field("note", "note_too_long", "The note has more than %d characters.", MaxNote)
	}
	m := importing{s: s, who: who, o: o, rep: &rep, known: map[string]found{}}
	for err == nil {
		var row Row
		if row, err = r.Next(); err == nil {
			err = m.take(ctx, row)
		} else if line, bad := badLine(err); bad {
			rep.Rows++
			m.refuse(Row{Line: line}, err)
			err = nil
		}
	}
	if !errors.Is(err, io.EOF) {
		return rep, err
	}
	if err = m.flush(ctx); err != nil {
		return rep, err
	}
	slices.SortFunc(rep.Refusals, func(a, b Refusal) int { return cmp.Compare(a.Line, b.Line) })
	if rep.Bound+rep.Replaced > 0 {
		s.many(who.Tenant)
	}
	if who.Kind != actor.Agent || o.Part {
		return rep, nil
	}
	kept := rep
	kept.Refusals = nil
	return rep, s.store.RecordBindings(ctx, who.Tenant, "import", nil, kept, audit.Of(who, s.clock.Now()))
}

// importing is one import under way.
type importing struct {
	s     *Service
	who   actor.Actor
	o     ImportOptions
	rep   *Report
	known map[string]found
	batch []line
}

// line is a line that can be taken.
type line struct {
	row Row
	key string
	put Put
}

// found is what was found of an agent.
type found struct {
	agent id.Agent
	name  string
	err   error
}

// take adds a line to the next transaction.
func (m *importing) take(ctx context.Context, row Row) error {
	m.rep.Rows++
	b, err := m.binding(ctx, row)
	if err != nil {
		if errs.CodeOf(err) != errs.Invalid {
			return err
		}
		m.refuse(row, err)
		return nil
	}
	m.batch = append(m.batch, line{row, Key(b.Visitor), Put{ID: id.New(), Binding: b, Cause: Cause{How: ByImport, Note: m.o.Note}, By: m.who.Agent, Replace: m.o.Replace}})
	if len(m.batch) == window {
		return m.flush(ctx)
	}
	return nil
}

// binding checks a line.
func (m *importing) binding(ctx context.Context, row Row) (b Binding, err error) {
	now := m.s.clock.Now()
	b = Binding{Tenant: m.who.Tenant, CreatedAt: now, ByName: m.who.Name, How: ByImport}
	if b.Flag, b.Visitor, err = names(row.Flag, row.Visitor); err != nil {
		return b, err
	}
	if row.Until != "" {
		until, err := parseTime(row.Until)
		if err != nil || !until.After(now) {
			return b, errs.Field("until", "bad_until", "%q is not a time in the future such as 2027-01-31 or 2027-01-31T18:00:00Z.", clip(row.Until))
		}
		b.Until = &until
	}
	f, ok := m.known[row.Agent]
	if !ok {
		f.agent, f.name, f.err = m.s.agent(ctx, m.who.Tenant, row.Agent)
		if f.err != nil && errs.CodeOf(f.err) != errs.Invalid {
			return b, f.err
		}
		if len(m.known) >= maxKnown {
			clear(m.known)
		}
		m.known[row.Agent] = f
	}
	b.Agent, b.AgentName = f.agent, f.name
	return b, f.err
}

// flush makes the lines take effect that were taken, by name and, of one name, in
// their order.
func (m *importing) flush(ctx context.Context) error {
	slices.SortStableFunc(m.batch, func(a, b line) int { return strings.Compare(a.key, b.key) })
	for chunk := range slices.Chunk(m.batch, MaxTogether) {
		puts := make([]Put, len(chunk))
		for i, l := range chunk {
			puts[i] = l.put
		}
		done, err := m.s.store.PutBindings(ctx, puts)
		if err != nil {
			return err
		}
		for i, o := range done {
			m.count(chunk[i].row, o)
		}
	}
	m.batch = m.batch[:0]
	return nil
}

// count notes what became of a line.
func (m *importing) count(row Row, o Outcome) {
	switch {
	case o == OutcomeBound:
		m.rep.Bound++
	case o == OutcomeReplaced:
		m.rep.Replaced++
	case o == OutcomeSame && m.o.Replace:
		m.rep.Same++
	default:
		m.refuse(row, errs.New(errs.Conflict, "bound_already", "The visitor is bound for this flag already."))
	}
}

// refuse notes a line that is left out.
func (m *importing) refuse(row Row, err error) {
	m.rep.Refused++
	if len(m.rep.Refusals) >= maxRefusals {
		return
	}
	r := Refusal{Line: row.Line, Flag: clip(row.Flag), Visitor: clip(row.Visitor), Reason: "bad_line", Message: err.Error()}
	var e *errs.Error
	if errors.As(err, &e) {
		r.Reason, r.Message = e.Reason, e.Message
	}
	m.rep.Refusals = append(m.rep.Refusals, r)
}

// parseTime reads a time or a day, which ends with it in UTC.
func parseTime(s string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	return time.Parse(time.RFC3339, s)
}

// clip keeps what is quoted short.
func clip(s string) string {
	if r := []rune(s); len(r) > MaxName {
		return string(r[:MaxName]) + "…"
	}
	return s
}
