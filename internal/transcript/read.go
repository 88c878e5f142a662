package transcript

import (
	"cmp"
	"context"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/id"
)

// Most is how many messages a record holds at most.
const Most = 5000

// words are the texts of a record by language: me, agent, recalled, joined, ended, visitor.
var words = map[string][6]string{
	"zh-CN": {"我", "客服", "（消息已撤回）", "已接入", "会话已结束", "访客"},
	"en":    {"Me", "Agent", "(message taken back)", "joined", "The conversation has ended", "Visitor"},
	"pt-BR": {"Eu", "Atendente", "(mensagem apagada)", "entrou na conversa", "Conversa encerrada", "Visitante"},
}

// Source reads the messages that a visitor may see.
type Source interface {
	// Since returns up to 200 messages behind a number.
	Since(ctx context.Context, t id.Tenant, c id.Conversation, seq int64, visible bool) ([]conversation.Message, error)
}

// Read makes the record of a conversation in one of the three languages, for its
// visitor (own) or for the company, which sees the visitor's name. Whose it is the
// caller has made sure of.
func Read(ctx context.Context, from Source, c conversation.Conversation, lang string, own bool) (r Record, err error) {
	r.Lang = lang
	you := words[lang][0]
	if !own {
		you = cmp.Or(c.VisitorName, words[lang][5])
	}
	for after := int64(0); len(r.Entries) < Most; {
		list, err := from.Since(ctx, c.Tenant, c.ID, after, true)
		if err != nil {
			return r, err
		}
		for _, m := range list {
			if e, ok := entryOf(m, lang, you); ok {
				r.Entries = append(r.Entries, e)
			}
			after = m.Seq
		}
		if len(list) < 200 {
			break
		}
	}
	return r, nil
}

// entryOf is what a record says of a message; lines of no interest are left out.
func entryOf(m conversation.Message, lang, you string) (e Entry, ok bool) {
	words := words[lang]
	e = Entry{At: m.At, Name: m.From.Name, Mine: m.From.Kind == actor.Visitor, Text: m.Text}
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
		for _, f := range m.More {
			e.File += ", " + f.Name
		}
	}
	if e.Mine {
		e.Name = you
	} else if e.Name == "" {
		e.Name = words[1]
	}
	return e, true
}
