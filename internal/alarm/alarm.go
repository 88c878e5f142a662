// Package alarm tells supervisors what goes wrong now: visitors who wait longer than
// was set or promised, and queues that are longer than set. Alarms are not kept: one
// stands as long as its reason does. Its rules are the settings that are there for other
// ends too: the time after which a visitor is told that the agent takes long, service
// levels, and the rules of long queues. Where none is set there are no alarms.
package alarm

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"parlor/internal/account"
	"parlor/internal/id"
)

// Rule is why there is an alarm.
type Rule string

// The rules.
const (
	// Unanswered: an agent has not answered for longer than Timers.AgentLate.
	Unanswered Rule = "unanswered"
	// Promised: a visitor waits for an agent longer than its service level promises.
	Promised Rule = "promised"
	// LongQueue: more visitors wait for a team than one of its rules of long queues says.
	LongQueue Rule = "long_queue"
)

// The levels of alarms.
const (
	// Passed: the limit is passed.
	Passed = 1
	// Doubled: it is passed twice over.
	Doubled = 2
)

// Alarm is one thing that goes wrong now.
type Alarm struct {
	// ID is the same as long as the alarm stands.
	ID   string
	Rule Rule
	// Name is that of the service level, "" for other rules.
	Name  string
	Level int
	// At is when the limit was passed.
	At time.Time
	// Limit and Value are seconds, or visitors for LongQueue.
	Limit, Value int
	Team         id.Team
	TeamName     string
	// The rest is empty for LongQueue, and Agent for who waits for one.
	Agent        id.Agent
	AgentName    string
	Conversation id.Conversation
	Visitor      id.Visitor
	VisitorName  string
}

// Wait is a conversation whose visitor waits, for an agent or for an answer.
type Wait struct {
	Conversation id.Conversation
	Inbox        id.Inbox
	Team         id.Team
	// Queued is true if it waits for an agent.
	Queued bool
	// Since is when it entered the queue, or when the first unanswered message came.
	Since       time.Time
	Agent       id.Agent
	AgentName   string
	Visitor     id.Visitor
	VisitorName string
	// Agreement is the name of its service level, Due its minutes; "" and 0 without one.
	Agreement string
	Due       int
}

// Find returns the alarms that stand, the newest first. It is a pure function of what
// is set, who waits (in the order of Since) and the time.
func Find(book *account.Book, waits []Wait, now time.Time) []Alarm {
	out := []Alarm{}
	queues := map[id.Team][]Wait{}
	for _, w := range waits {
		if w.Queued {
			queues[w.Team] = append(queues[w.Team], w)
			if w.Due > 0 {
				out = late(out, Promised, w, w.Due*60, now)
			}
			continue
		}
		if limit := book.Service(w.Inbox, w.Team).Timers.AgentLate; limit != nil && *limit > 0 {
			out = late(out, Unanswered, w, *limit, now)
		}
	}
	for team, queue := range queues {
		out = append(out, long(book.Teams[team], queue)...)
	}
	for i, a := range out {
		out[i].TeamName = book.Teams[a.Team].Name
	}
	slices.SortFunc(out, func(a, b Alarm) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// late adds the alarm of a visitor who has waited for longer than limit seconds.
func late(out []Alarm, rule Rule, w Wait, limit int, now time.Time) []Alarm {
	value := int(now.Sub(w.Since) / time.Second)
	if value <= limit {
		return out
	}
	a := Alarm{ID: string(rule) + "-" + string(w.Conversation), Rule: rule, Level: level(value, limit), At: w.Since.Add(time.Duration(limit) * time.Second),
		Limit: limit, Value: value, Team: w.Team, Agent: w.Agent, AgentName: w.AgentName, Conversation: w.Conversation, Visitor: w.Visitor, VisitorName: w.VisitorName}
	if rule == Promised {
		a.Name = w.Agreement
	}
	return append(out, a)
}

// long are the alarms of a team's queue: one for each length that is passed.
func long(team account.Team, queue []Wait) (out []Alarm) {
	seen := map[int]bool{}
	for _, rule := range team.Settings.Spills {
		if len(queue) <= rule.Waiting || seen[rule.Waiting] {
			continue
		}
		seen[rule.Waiting] = true
		out = append(out, Alarm{ID: string(LongQueue) + "-" + string(team.ID) + "-" + strconv.Itoa(rule.Waiting), Rule: LongQueue, Level: level(len(queue), rule.Waiting),
			At: queue[rule.Waiting].Since, Limit: rule.Waiting, Value: len(queue), Team: team.ID})
	}
	return out
}

func level(value, limit int) int {
	if value > 2*limit {
		return Doubled
	}
	return Passed
}
