package call

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/job"
)

// Recorder carries the media of calls that are recorded, and keeps them.
type Recorder interface {
	// Room reports whether one more call can be recorded.
	Room() bool
	// Begin makes it the other end for both sides of a call, until End; false says that
	// there is no room.
	Begin(c Call) bool
	// Hear takes what a side of a call says; of a call that it does not record it is nothing.
	Hear(s *Signal)
	// End ends the recording of a call, if there is one here. It does not block.
	End(c id.Call)
}

// Rule says whether calls are recorded, and for how long recordings are kept.
type Rule struct {
	Record bool
	// KeepDays is how many days a recording is kept.
	KeepDays int
}

// Take is a file that a recorder has finished.
type Take struct {
	Tenant id.Tenant
	Call   id.Call
	// Side is whose picture and sound it holds; Part numbers the files of a side from 0.
	Side actor.Kind
	Part int
	// Path is where it lies.
	Path string
	// Began is when it begins, Offset how long after the answer, Length how long it is.
	Began          time.Time
	Offset, Length time.Duration
	// Size is in bytes.
	Size int64
	// Video is false if it has sound only.
	Video bool
}

// Record is a recording of one side of a call.
type Record struct {
	Call id.Call    `json:"call"`
	Side actor.Kind `json:"side" enum:"agent,visitor"`
	// Part numbers the files of a side, from 0.
	Part int     `json:"part"`
	File id.File `json:"file"`
	// Offset is when it begins after the answer, Length how long it is, in milliseconds.
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// Video is false if it has sound only.
	Video bool `json:"video"`
	// Until is when it is deleted.
	Until time.Time `json:"until"`
}

// Files keeps the files of recordings.
type Files interface {
	// Adopt makes a file of the disk one of the company's, which is not there before.
	Adopt(ctx context.Context, t id.Tenant, name, kind, path string) (id.File, error)
	// Remove deletes a file; one that is not there is no error.
	Remove(ctx context.Context, t id.Tenant, f id.File) error
}

// recorded tells whether a call of a conversation is to be recorded. Errors: TooMany
// "recorder_full": whoever is told that calls are recorded can rely on it.
func (s *Service) recorded(ctx context.Context, talk conversation.Conversation) (bool, error) {
	if s.Recorder == nil || s.Rule == nil {
		return false, nil
	}
	r, err := s.Rule(ctx, talk)
	if err != nil || !r.Record {
		return false, err
	}
	if !s.Recorder.Room() {
		return false, errs.New(errs.TooMany, "recorder_full", "Too many calls are being recorded; try again later.")
	}
	return true, nil
}

// Say sends a signal to one side of a call, for a recorder.
func (s *Service) Say(c Call, to actor.Kind, g Signal) {
	topic := event.ToVisitor(c.Tenant, c.Visitor)
	if to == actor.Agent {
		topic = event.ToAgent(c.Tenant, c.Agent)
	}
	s.Events.Publish(&event.Event{ID: id.New(), Tenant: c.Tenant, Kind: event.CallSignal, At: s.Clock.Now(), To: []event.Topic{topic}, Data: &g})
}

// Keep keeps a finished file of a recorder for as long as the company's rule says, and
// tells the agents of the conversation when the first is there. A file of a call that was
// deleted meanwhile is not kept: NotFound "call_not_found".
func (s *Service) Keep(ctx context.Context, t Take) (err error) {
	defer errs.Wrap(&err, "call.Keep %s", t.Call)
	c, err := s.Store.Call(ctx, t.Tenant, t.Call)
	if err != nil {
		return err
	}
	talk, err := s.Conversations.Conversation(ctx, actor.ForSystem(t.Tenant), c.Conversation)
	if err != nil {
		return err
	}
	rule, err := s.Rule(ctx, talk)
	if err != nil {
		return err
	}
	until := s.Clock.Now().Add(time.Duration(rule.KeepDays) * 24 * time.Hour)
	f, err := s.Files.Adopt(ctx, t.Tenant, fmt.Sprintf("call-%d-%s-%d.webm", c.Number, t.Side, t.Part+1), "video/webm", t.Path)
	if err != nil {
		return err
	}
	r := Record{Call: c.ID, Side: t.Side, Part: t.Part, File: f, Offset: t.Offset.Milliseconds(), Length: t.Length.Milliseconds(), Size: t.Size, Video: t.Video, Until: until}
	if err = s.Store.AddRecord(ctx, t.Tenant, c.Conversation, r, ForgetJob(t.Tenant, r, until)); err != nil {
		// What nobody can find is never deleted.
		err = errors.Join(err, s.Files.Remove(ctx, t.Tenant, f))
	}
	return err
}

// JobForget deletes a recording whose time is over.
const JobForget = "call.forget"

// forgetting is the payload of JobForget.
type forgetting struct {
	Call id.Call `json:"c"`
	File id.File `json:"f"`
}

// ForgetJob is the job that deletes a recording at a time.
func ForgetJob(t id.Tenant, r Record, when time.Time) job.Job {
	b, err := json.Marshal(forgetting{r.Call, r.File})
	if err != nil {
		panic(err) // texts always encode
	}
	return job.Job{ID: id.Job(id.New()), Tenant: t, Kind: JobForget, Payload: string(b), RunAt: when}
}

func (s *Service) forget(ctx context.Context, j job.Job) error {
	var r forgetting
	if err := json.Unmarshal([]byte(j.Payload), &r); err != nil {
		return fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	return s.drop(ctx, j.Tenant, Record{Call: r.Call, File: r.File}, audit.None)
}

// drop deletes a recording: the file first, so that no file is left that nobody knows of.
func (s *Service) drop(ctx context.Context, t id.Tenant, r Record, by audit.By) error {
	if err := s.Files.Remove(ctx, t, r.File); err != nil {
		return err
	}
	return s.Store.DropRecord(ctx, t, r.Call, r.File, by)
}

// Records returns the recordings of calls, in the order of time: of those whose
// conversations who may see. Having taken part in a call is not enough.
func (s *Service) Records(ctx context.Context, who actor.Actor, of []Call) (out map[id.Call][]Record, err error) {
	defer errs.Wrap(&err, "call.Records")
	var kept []Call
	var talks []id.Conversation
	for _, c := range of {
		if c.Recorded && c.State.Over() {
			kept, talks = append(kept, c), append(talks, c.Conversation)
		}
	}
	if len(kept) == 0 {
		return nil, nil
	}
	visible, err := s.Conversations.Visible(ctx, who, talks)
	if err != nil {
		return nil, err
	}
	var ids []id.Call
	for _, c := range kept {
		if visible[c.Conversation] {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := s.Store.Records(ctx, who.Tenant, ids)
	out = map[id.Call][]Record{}
	for _, x := range list {
		out[x.Call] = append(out[x.Call], x)
	}
	return out, err
}

// Watch returns the recordings of a call to somebody who watches them, which is noted.
// Errors: NotFound "call_not_found", also if who may not see its conversation.
func (s *Service) Watch(ctx context.Context, who actor.Actor, c id.Call) (list []Record, err error) {
	defer errs.Wrap(&err, "call.Watch")
	got, err := s.Store.Call(ctx, who.Tenant, c)
	if err != nil {
		return nil, err
	}
	visible, err := s.Conversations.Visible(ctx, who, []id.Conversation{got.Conversation})
	if err != nil {
		return nil, err
	}
	if !visible[got.Conversation] {
		return nil, errNotFound
	}
	if list, err = s.Store.Records(ctx, who.Tenant, []id.Call{c}); err == nil && len(list) > 0 {
		err = s.Store.NoteWatched(ctx, who.Tenant, got, audit.Of(who, s.Clock.Now()))
	}
	return list, err
}

// Erase deletes the recordings of a call before their time, which is audited. Errors: Forbidden
// "not_allowed"; NotFound "call_not_found", also if who may not see its conversation.
func (s *Service) Erase(ctx context.Context, who actor.Actor, c id.Call) (err error) {
	defer errs.Wrap(&err, "call.Erase")
	if !who.Can(actor.Manage) {
		return errs.New(errs.Forbidden, "not_allowed", "Your role does not allow deleting recordings.")
	}
	got, err := s.Store.Call(ctx, who.Tenant, c)
	if err != nil {
		return err
	}
	visible, err := s.Conversations.Visible(ctx, who, []id.Conversation{got.Conversation})
	if err != nil {
		return err
	}
	if !visible[got.Conversation] {
		return errNotFound
	}
	list, err := s.Store.Records(ctx, who.Tenant, []id.Call{c})
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := s.drop(ctx, who.Tenant, r, audit.Of(who, s.Clock.Now())); err != nil {
			return err
		}
	}
	return nil
}
