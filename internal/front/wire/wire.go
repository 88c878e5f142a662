// Package wire holds the objects of the native contract that REST and realtime
// share; docs/realtime.md describes them.
package wire

import (
	"encoding/json"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/media"
	"parlor/internal/routing"
)

// Addresses signs the addresses of files.
type Addresses interface {
	// Address returns the signed path of a variant.
	Address(t id.Tenant, f id.File, variant string) string
}

// File is an uploaded file with its addresses.
type File struct {
	ID       id.File `json:"id"`
	Name     string  `json:"name"`
	Type     string  `json:"type"`
	Size     int64   `json:"size"`
	Width    int     `json:"width,omitempty"`
	Height   int     `json:"height,omitempty"`
	Duration int     `json:"duration,omitempty"`
	// URL is the signed path of the file.
	URL string `json:"url"`
	// Thumb is the signed path of a smaller picture, for pictures.
	Thumb string `json:"thumb,omitempty"`
}

// Message is one message as clients see it.
type Message struct {
	ID           id.Message          `json:"id"`
	Conversation id.Conversation     `json:"conversation"`
	Seq          int64               `json:"seq"`
	Prev         int64               `json:"prev"`
	ClientID     string              `json:"clientId,omitempty"`
	Kind         conversation.Kind   `json:"kind" enum:"text,image,file,voice,cooperation,note,event"`
	From         conversation.Author `json:"from"`
	Text         string              `json:"text,omitempty"`
	File         *File               `json:"file,omitempty"`
	More         []File              `json:"more,omitempty" doc:"Further files of a message with several"`
	Line         *conversation.Line  `json:"line,omitempty"`
	// Canvas is what is drawn on, of kind cooperation.
	Canvas   id.Canvas `json:"canvas,omitempty"`
	At       time.Time `json:"at"`
	Recalled *Recall   `json:"recalled,omitempty"`
	// EditedAt is when the text was changed last.
	EditedAt *time.Time `json:"editedAt,omitempty"`
	Mentions []id.Agent `json:"mentions,omitempty"`
	// Extra is what an integration sent beside the text; visitors see its card only.
	Extra *conversation.Extra `json:"extra,omitempty"`
}

// Views turns domain objects into wire objects.
type Views struct{ Files Addresses }

// Message returns the client's form of m.
func (v Views) Message(m conversation.Message) Message {
	w := Message{ID: m.ID, Conversation: m.Conversation, Seq: m.Seq, Prev: m.Prev, ClientID: m.ClientID, Kind: m.Kind,
		From: m.From, Text: m.Text, Line: m.Line, Canvas: m.Canvas, At: m.At, Recalled: m.Recalled, Mentions: m.Mentions, Extra: m.Extra}
	if m.Edited != nil {
		w.EditedAt = &m.Edited.At
	}
	if m.File != nil {
		w.File = v.file(m, *m.File)
	}
	for _, f := range m.More {
		w.More = append(w.More, *v.file(m, f))
	}
	return w
}

// file returns the client's form of a file of m.
func (v Views) file(m conversation.Message, f conversation.File) *File {
	w := &File{ID: f.ID, Name: f.Name, Type: f.Type, Size: f.Size, Width: f.Width, Height: f.Height, Duration: f.Duration, URL: v.Files.Address(m.Tenant, f.ID, media.Original)}
	if strings.HasPrefix(f.Type, "image/") && (m.Kind == conversation.Image || m.Kind == conversation.Cooperation || len(m.More) > 0) {
		w.Thumb = v.Files.Address(m.Tenant, f.ID, media.Thumb)
	}
	return w
}

// VisitorMessage returns the form of m for visitors: no ids of agents, and of
// lines nothing but what the visitor needs.
func (v Views) VisitorMessage(m conversation.Message) Message {
	w := v.Message(m)
	if w.From.Kind != "visitor" {
		w.From.ID = ""
	}
	if w.Line != nil {
		w.Line = &conversation.Line{Name: w.Line.Name, AgentName: w.Line.AgentName, TeamName: w.Line.TeamName, Seq: w.Line.Seq, Text: w.Line.Text, Leave: w.Line.Leave}
	}
	if w.Extra != nil {
		w.Extra = &conversation.Extra{Card: w.Extra.Card, Worded: w.Extra.Worded, Robot: w.Extra.Robot}
	}
	if w.Recalled != nil {
		w.Recalled = &Recall{By: conversation.Author{Kind: w.Recalled.By.Kind}, At: w.Recalled.At}
	}
	return w
}

// Messages returns the client's form of a page; visitor says for whom.
func (v Views) Messages(page []conversation.Message, visitor bool) []Message {
	out := make([]Message, len(page))
	for i, m := range page {
		if visitor {
			out[i] = v.VisitorMessage(m)
		} else {
			out[i] = v.Message(m)
		}
	}
	return out
}

// File returns the client's form of a file that was just uploaded.
func (v Views) File(f media.File) File {
	w := File{ID: f.ID, Name: f.Name, Type: f.Type, Size: f.Size, Width: f.Width, Height: f.Height, URL: v.Files.Address(f.Tenant, f.ID, media.Original)}
	if f.Width > 0 {
		w.Thumb = v.Files.Address(f.Tenant, f.ID, media.Thumb)
	}
	return w
}

// Person is what visitors learn of an agent.
type Person struct {
	Name string `json:"name"`
}

// VisitorState is where a visitor stands.
type VisitorState struct {
	Conversation id.Conversation     `json:"conversation"`
	Status       conversation.Status `json:"status" enum:"queued,open,closed"`
	Agent        *Person             `json:"agent,omitempty"`
	Place        int                 `json:"place,omitempty"`
	Ahead        int                 `json:"ahead"`
	AgentsOnline bool                `json:"agentsOnline"`
	LastSeq      int64               `json:"lastSeq"`
	VisitorRead  int64               `json:"visitorRead"`
	AgentRead    int64               `json:"agentRead"`
	EndBy        conversation.EndBy  `json:"endBy,omitempty" enum:"user,agent,timeout,queue,system"`
	// Robot is set while a robot has the conversation.
	Robot *routing.Face `json:"robot,omitempty"`
}

// State returns the visitor's form of an admission.
func State(a routing.Admission) VisitorState {
	c := a.Conversation
	s := VisitorState{Conversation: c.ID, Status: c.Status, Place: a.Place, Ahead: max(a.Place-1, 0), AgentsOnline: a.AgentsOnline,
		LastSeq: c.VisibleSeq, VisitorRead: c.VisitorRead, AgentRead: c.AgentRead, EndBy: c.EndBy, Robot: a.Robot}
	if c.Agent != "" {
		s.Agent = &Person{Name: c.AgentName}
	}
	return s
}

// Me is what a console learns at login.
type Me struct {
	Agent       account.Agent       `json:"agent"`
	Tenant      TenantName          `json:"tenant"`
	Permissions []string            `json:"permissions"`
	CSRF        string              `json:"csrf"`
	Status      account.AgentStatus `json:"status"`
	// Framed says that the console shows pages of other origins, which its page must
	// be loaded anew for.
	Framed bool `json:"framed,omitempty"`
}

// TenantName is a company as its agents see it.
type TenantName struct {
	ID   id.Tenant `json:"id"`
	Name string    `json:"name"`
}

// Error is the form of an error in acknowledgements.
type Error struct {
	Code    errs.Code `json:"code"`
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
	Field   string    `json:"field,omitempty"`
}

// ErrorOf returns the client's form of err.
func ErrorOf(err error) Error {
	return Error{Code: errs.CodeOf(err), Reason: errs.ReasonOf(err), Message: errs.MessageOf(err), Field: errs.FieldOf(err)}
}

// ErrorReply is an acknowledgement that reports a failure.
func ErrorReply(err error) json.RawMessage {
	b, merr := json.Marshal(map[string]Error{"error": ErrorOf(err)})
	if merr != nil {
		return json.RawMessage(`{"error":{"code":"internal","reason":"internal","message":"internal error"}}`)
	}
	return b
}
