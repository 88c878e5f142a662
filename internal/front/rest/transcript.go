package rest

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/front/httpx"
	"parlor/internal/id"
	"parlor/internal/transcript"
	"parlor/internal/visitor"
)

type ownTranscript struct {
	Conversation id.Conversation `path:"id" maxLength:"64"`
	Format       string          `query:"format" enum:"text,html" default:"html"`
	Locale       string          `query:"locale" maxLength:"16"`
	Zone         int             `query:"zone" minimum:"-900" maximum:"900" doc:"The visitor's time, in minutes east of UTC"`
}

// document is an answer that is a file.
type document struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Policy      string `header:"Content-Security-Policy"`
	Body        []byte
}

// maxTranscript is how many messages a record holds at most.
const maxTranscript = 5000

type patchOwn struct{ Body visitor.Details }

// ownRecord registers what visitors keep of and say about themselves.
func (a *API) ownRecord() {
	asVisitor(a, http.MethodGet, "/visitor/conversations/{id}/transcript", "The record of one's own conversation, as text or as a page", a.transcript)
	asVisitor(a, http.MethodPatch, "/visitor/me", "Say who one is: the form before a conversation", func(ctx context.Context, who actor.Actor, in *patchOwn) (*body[visitorName], error) {
		v, err := a.Visitors.Update(ctx, who, who.Visitor, in.Body)
		return reply(visitorName{v.ID, v.Name}, err)
	})
}

func (a *API) transcript(ctx context.Context, who actor.Actor, in *ownTranscript) (*document, error) {
	// Whose it is is asked once; the pages below do not ask.
	if _, err := a.Conversations.Conversation(ctx, who, in.Conversation); err != nil {
		return nil, err
	}
	inbox, err := a.Accounts.Inbox(ctx, who.Inbox)
	if err != nil {
		return nil, err
	}
	lang := httpx.Language(in.Locale)
	r := transcript.Record{Title: inbox.Name, Lang: lang}
	for after := int64(0); len(r.Entries) < maxTranscript; {
		list, err := a.Conversations.Since(ctx, who.Tenant, in.Conversation, after, true)
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			if e, ok := entryOf(m, lang); ok {
				r.Entries = append(r.Entries, e)
			}
			after = m.Seq
		}
		if len(list) < 200 {
			break
		}
	}
	zone := time.FixedZone("", in.Zone*60)
	var b bytes.Buffer
	d := &document{ContentType: "text/html; charset=utf-8", Disposition: `attachment; filename="conversation.html"`, Policy: "sandbox; default-src 'none'; style-src 'unsafe-inline'"}
	if in.Format == "text" {
		d.ContentType, d.Disposition = "text/plain; charset=utf-8", `attachment; filename="conversation.txt"`
		err = r.Text(&b, zone)
	} else {
		err = r.HTML(&b, zone)
	}
	d.Body = b.Bytes()
	return d, err
}

// transcriptWords are the texts of a record by language: me, agent, recalled,
// joined, ended.
var transcriptWords = map[string][5]string{
	"zh-CN": {"我", "客服", "（消息已撤回）", "已接入", "会话已结束"},
	"en":    {"Me", "Agent", "(message taken back)", "joined", "The conversation has ended"},
	"pt-BR": {"Eu", "Atendente", "(mensagem apagada)", "entrou na conversa", "Conversa encerrada"},
}

// entryOf is what a record says of a message; lines of no interest are left out.
func entryOf(m conversation.Message, lang string) (e transcript.Entry, ok bool) {
	words := transcriptWords[lang]
	e = transcript.Entry{At: m.At, Name: m.From.Name, Mine: m.From.Kind == actor.Visitor, Text: m.Text}
	switch {
	case m.Line != nil && m.Line.Name == conversation.LineEdited:
		return e, false
	case m.Kind == conversation.Event && m.Line != nil && m.Line.Text != "":
		e.Name, e.Text = "", m.Line.Text
		return e, true
	case m.Kind == conversation.Event && m.Line != nil && m.Line.Name == conversation.LineClosed:
		e.Name, e.Text = "", words[4]
		return e, true
	case m.Kind == conversation.Event && m.Line != nil && m.Line.AgentName != "":
		e.Name, e.Text = "", m.Line.AgentName+" "+words[3]
		return e, true
	case m.Kind == conversation.Event:
		return e, false
	case m.Recalled != nil:
		e.Text = words[2]
	case m.File != nil:
		e.File = m.File.Name
	}
	if e.Mine {
		e.Name = words[0]
	} else if e.Name == "" {
		e.Name = words[1]
	}
	return e, true
}
