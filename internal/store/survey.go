package store

import (
	"context"
	"encoding/json"
	"time"

	"parlor/internal/errs"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/survey"
)

const surveyColumns = `conversation, tenant, inbox, visitor, visitor_name, agent, agent_name, team, level, score, reasons, comment, asked, answered_at, edited_at`

func scanSurvey(r row) (v survey.Survey, err error) {
	var reasons string
	var asked, answered, edited int64
	if err = r.Scan(&v.Conversation, &v.Tenant, &v.Inbox, &v.Visitor, &v.VisitorName, &v.Agent, &v.AgentName, &v.Team, &v.Level, &v.Score, &reasons,
		&v.Comment, &asked, &answered, &edited); err != nil {
		return v, err
	}
	v.Asked, v.AnsweredAt, v.EditedAt = asked != 0, atOrNil(answered), atOrNil(edited)
	return v, json.Unmarshal([]byte(reasons), &v.Reasons)
}

// putSurvey inserts a survey with what becomes of one that is there. No row comes
// back if tail refuses.
func (s *Store) putSurvey(ctx context.Context, in survey.Survey, tail string, more ...any) (got survey.Survey, ok bool, err error) {
	b, err := json.Marshal(append([]string{}, in.Reasons...))
	if err != nil {
		return got, false, err
	}
	var answered, edited int64
	if in.AnsweredAt != nil {
		answered, edited = ms(*in.AnsweredAt), ms(*in.AnsweredAt)
	}
	args := append([]any{string(in.Conversation), string(in.Tenant), string(in.Inbox), string(in.Visitor), in.VisitorName, string(in.Agent), in.AgentName,
		string(in.Team), in.Level, in.Score, string(b), in.Comment, flag(in.Asked), answered, edited}, more...)
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		got, ok, err = change(ctx, t, scanSurvey, `INSERT INTO survey (`+surveyColumns+`)
			SELECT c.id, c.tenant, $3, $4, $5, $6, $7, $8, $9, CAST($10 AS BIGINT), $11, $12, CAST($13 AS BIGINT), CAST($14 AS BIGINT), CAST($15 AS BIGINT)
			FROM conversation c WHERE c.id = $1 AND c.tenant = $2 ON CONFLICT (conversation) DO UPDATE SET `+tail+` RETURNING `+surveyColumns, args...)
		if err != nil || !ok || in.AnsweredAt == nil {
			return err
		}
		if err := s.noteAll(ctx, t, in.Tenant, hook.Note{Occasion: hook.Rated, Inbox: in.Inbox, At: *in.AnsweredAt}, got); err != nil {
			return err
		}
		return s.rule(ctx, t, in.Tenant, in.Conversation, *in.AnsweredAt)
	})
	return got, ok, err
}

// AskSurvey implements survey.Store.
func (s *Store) AskSurvey(ctx context.Context, in survey.Survey) (got survey.Survey, err error) {
	defer errs.Wrap(&err, "store.AskSurvey %s", in.Conversation)
	got, ok, err := s.putSurvey(ctx, in, `asked = 1`)
	if err == nil && !ok {
		err = noConversation()
	}
	return got, err
}

// AnswerSurvey implements survey.Store. One statement decides, so that of two
// answers at once one is first.
func (s *Store) AnswerSurvey(ctx context.Context, in survey.Survey, editable time.Time) (got survey.Survey, err error) {
	defer errs.Wrap(&err, "store.AnswerSurvey %s", in.Conversation)
	got, ok, err := s.putSurvey(ctx, in, `level = excluded.level, score = excluded.score, reasons = excluded.reasons, comment = excluded.comment,
		agent = CASE WHEN survey.answered_at > 0 THEN survey.agent ELSE excluded.agent END,
		agent_name = CASE WHEN survey.answered_at > 0 THEN survey.agent_name ELSE excluded.agent_name END,
		answered_at = CASE WHEN survey.answered_at > 0 THEN survey.answered_at ELSE excluded.answered_at END, edited_at = excluded.edited_at
		WHERE survey.answered_at = 0 OR survey.answered_at >= $16`, ms(editable))
	if err != nil || ok {
		return got, err
	}
	if _, err := s.Survey(ctx, in.Tenant, in.Conversation); err != nil {
		return got, noConversation()
	}
	return got, errs.New(errs.Conflict, "survey_answered", "This conversation has been rated already.")
}

// Survey implements survey.Store.
func (s *Store) Survey(ctx context.Context, t id.Tenant, c id.Conversation) (got survey.Survey, err error) {
	defer errs.Wrap(&err, "store.Survey %s", c)
	got, ok, err := first(ctx, s.readers, scanSurvey, `SELECT `+surveyColumns+` FROM survey WHERE conversation = $1 AND tenant = $2`, string(c), string(t))
	if err == nil && !ok {
		err = missing("survey")
	}
	return got, err
}

// Surveys implements survey.Store.
func (s *Store) Surveys(ctx context.Context, t id.Tenant, f survey.Filter) (page []survey.Survey, next string, err error) {
	defer errs.Wrap(&err, "store.Surveys")
	var c conditions
	c.add("agent", string(f.Agent))
	c.add("team", string(f.Team))
	c.add("level", f.Level)
	c.add("inbox", string(f.Inbox))
	answered := " AND answered_at > 0" // admits the index of all
	if c.text != "" {
		answered = " AND answered_at >= 1"
	}
	c.since("answered_at", f.From)
	return keyset(ctx, s, scanSurvey, func(v survey.Survey) cursor { return cursor{ms(*v.AnsweredAt), string(v.Conversation)} }, t, until(f.After, f.To), f.Limit,
		`SELECT `+surveyColumns+` FROM survey WHERE tenant = $1`+c.text+answered+` AND (answered_at, conversation) < ($2, $3)
		ORDER BY answered_at DESC, conversation DESC LIMIT $4`, c.args...)
}

// SurveyTally implements survey.Store.
func (s *Store) SurveyTally(ctx context.Context, t id.Tenant, a id.Agent, since time.Time) (list []survey.Tally, err error) {
	defer errs.Wrap(&err, "store.SurveyTally")
	where, args := "", []any{string(t), max(ms(since), 1)}
	if a != "" {
		where, args = " AND agent = $3", append(args, string(a))
	}
	return all(ctx, s.readers, func(r row) (v survey.Tally, err error) { return v, r.Scan(&v.Level, &v.Count) },
		`SELECT level, COUNT(*) FROM survey WHERE tenant = $1`+where+` AND answered_at >= $2 GROUP BY level ORDER BY level`, args...)
}
