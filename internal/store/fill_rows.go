package store

import (
	"time"

	"parlor/internal/audit"
	"parlor/internal/blacklist"
	"parlor/internal/canned"
	"parlor/internal/colleague"
	"parlor/internal/fill"
	"parlor/internal/invite"
	"parlor/internal/leave"
	"parlor/internal/summary"
	"parlor/internal/survey"
)

// msOrZero is ms for times that may be missing.
func msOrZero(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return ms(*t)
}

func visitorRows(b fill.Bulk) tableRows {
	return tableRows{`INSERT INTO visitor (` + visitorColumns + `)`, "", rowsOf(b.Visitors, visitorValues)}
}

// tagRows are the links of the tags that conversations name.
func tagRows(b fill.Bulk) tableRows {
	x := tableRows{head: `INSERT INTO tag_link (target, tag, tenant, key, agent, at)`, tail: `ON CONFLICT (target, tag) DO NOTHING`}
	for _, c := range b.Conversations {
		for _, g := range c.Tags {
			x.rows = append(x.rows, []any{string(c.ID), g, string(c.Tenant), ms(c.CreatedAt), string(c.Agent), ms(c.LastAt)})
		}
	}
	return x
}

// valueRows are the values of fields of conversations.
func valueRows(b fill.Bulk) tableRows {
	return tableRows{`INSERT INTO conversation_field (conversation, field, tenant, value)`, "", rowsOf(b.Values, func(v fill.RoomValue) []any {
		return []any{string(v.Conversation), v.Field, string(b.Tenant), v.Value}
	})}
}

// servedRows remember who served whom last.
func servedRows(b fill.Bulk) tableRows {
	x := tableRows{head: `INSERT INTO served (tenant, visitor, agent, at)`,
		tail: `ON CONFLICT (tenant, visitor, agent) DO UPDATE SET at = excluded.at`}
	// One statement must not name a row twice.
	newest := map[[2]string]int64{}
	for _, c := range b.Conversations {
		if c.Agent != "" {
			newest[[2]string{string(c.Visitor), string(c.Agent)}] = ms(c.CreatedAt)
		}
	}
	for k, when := range newest {
		x.rows = append(x.rows, []any{string(b.Tenant), k[0], k[1], when})
	}
	return x
}

// visitRows are what visitors leave behind.
func visitRows(b fill.Bulk) []tableRows {
	return []tableRows{
		{`INSERT INTO survey (` + surveyColumns + `)`, "", rowsOf(b.Surveys, func(v survey.Survey) []any {
			return []any{string(v.Conversation), string(v.Tenant), string(v.Inbox), string(v.Visitor), v.VisitorName, string(v.Agent), v.AgentName, string(v.Team),
				v.Level, v.Score, "[]", v.Comment, flag(v.Asked), msOrZero(v.AnsweredAt), msOrZero(v.EditedAt)}
		})},
		{`INSERT INTO leave_message (` + leaveColumns + `)`, "", rowsOf(b.Missed, func(m leave.Message) []any {
			return []any{m.ID, string(m.Tenant), string(m.Inbox), string(m.Visitor), string(m.Kind), string(m.Conversation), m.Name, m.Email, m.Phone, m.Content,
				"{}", m.Reason, m.URL, m.Title, ms(m.At), string(m.State), string(m.Assignee), m.Note, m.Reply, msOrZero(m.RepliedAt), m.RepliedBy,
				msOrZero(m.ChangedAt), m.ChangedBy}
		})},
		{`INSERT INTO invitation (` + invitationColumns + `)`, "", rowsOf(b.Invitations, func(v invite.Invitation) []any {
			return []any{v.ID, string(v.Tenant), string(v.Inbox), string(v.Visitor), string(v.Agent), v.AgentName, v.Rule, v.Text, v.URL, v.Title, ms(v.At),
				string(v.Result), msOrZero(v.AnsweredAt)}
		})},
	}
}

// deskRows are what agents leave behind.
func deskRows(b fill.Bulk) ([]tableRows, error) {
	entries := tableRows{head: insertEntry}
	for _, e := range b.Entries {
		rows, err := entryRows(b.Tenant, e.Shelf, []canned.Entry{e})
		if err != nil {
			return nil, err
		}
		entries.rows = append(entries.rows, rows...)
	}
	return []tableRows{entries,
		{`INSERT INTO summary (conversation, tenant, visitor, agent, team, text, class, follow_kind, follow_at, follow_contact, state, note, handled_by,
			handled_at, created_at, updated_at)`, "", rowsOf(b.Summaries, func(y summary.Summary) []any {
			var f summary.FollowUp
			if y.FollowUp != nil {
				f = *y.FollowUp
			}
			return []any{string(y.Conversation), string(y.Tenant), string(y.Visitor), string(y.Agent), string(y.Team), y.Text, y.Class, string(f.Kind), ms(f.At),
				f.Contact, string(y.State), y.Note, y.HandledBy, msOrZero(y.HandledAt), ms(y.CreatedAt), ms(y.UpdatedAt)}
		})},
		{`INSERT INTO audit (id, tenant, at, by_id, by_kind, by_name, action, thing, thing_id, name, before, after)`, "", rowsOf(b.Audit, func(e audit.Entry) []any {
			return []any{e.ID, string(e.Tenant), ms(e.At), e.By, string(e.ByKind), e.ByName, e.Action, e.Thing, e.ThingID, e.Name, string(e.Before), string(e.After)}
		})},
		{`INSERT INTO colleague_message (id, tenant, low, high, sender, recipient, sender_name, text, at)`, "", rowsOf(b.Remarks, func(m colleague.Remark) []any {
			return []any{m.ID, string(m.Tenant), string(min(m.From, m.To)), string(max(m.From, m.To)), string(m.From), string(m.To), m.FromName, m.Text, ms(m.At)}
		})},
		{`INSERT INTO block (id, tenant, visitor, address, fingerprint, reason, conversation, agent, agent_name, created_at, until)`, "",
			rowsOf(b.Blocks, func(k blacklist.Block) []any {
				return []any{k.ID, string(k.Tenant), string(k.Visitor), k.Address, k.Fingerprint, k.Reason, string(k.Conversation), string(k.Agent), k.AgentName,
					ms(k.CreatedAt), msOrZero(k.Until)}
			})},
	}, nil
}
