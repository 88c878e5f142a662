package easemob

import (
	"context"
	"net/http"
	"sync"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// maxTabs bounds the tabs that are remembered; beyond it the oldest half goes.
const maxTabs = 50_000

// tabs remembers how far each tab of a page has been told. A tab that is not
// remembered begins with what its visitor has not read; pages know messages again by
// their names.
type tabs struct {
	mu   sync.Mutex
	seen map[string]mark
	n    uint64
}

// mark is a place in a visitor's conversations.
type mark struct {
	conversation id.Conversation
	seq          int64
	used         uint64
	// asked says that the tab was told to ask for a rating of it.
	asked bool
}

func (t *tabs) get(key string) (mark, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m, ok := t.seen[key]
	return m, ok
}

func (t *tabs) put(key string, m mark) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen == nil {
		t.seen = map[string]mark{}
	}
	t.n++
	m.used = t.n
	if len(t.seen) >= maxTabs {
		for k, old := range t.seen {
			if old.used+maxTabs/2 < t.n {
				delete(t.seen, k)
			}
		}
	}
	t.seen[key] = m
}

// maxTab is the longest name of a tab, in bytes.
const maxTab = 100

// poll answers GET /v1/imgateway/messages: what the tab has not been told.
func (f *Front) poll(ctx context.Context, r *http.Request, _ []byte) (t id.Tenant, v any, err error) {
	q := r.URL.Query()
	k, _, err := f.sender(r, q.Get("tenantId"), q.Get("visitorEasemobId"), q.Get("easemobId"), func(visitor.Known) error {
		if len(q.Get("tabId")) > maxTab {
			return faultParam
		}
		return nil
	})
	if err != nil {
		return k.Visitor.Tenant, nil, err
	}
	out, err := f.news(ctx, k, string(k.Visitor.ID)+" "+q.Get("tabId"))
	return k.Visitor.Tenant, list{entities: out, bare: true}, err
}

// news are the messages behind the mark of a tab, which moves. The rest of the
// conversation that has ended meanwhile comes before the next one.
func (f *Front) news(ctx context.Context, k visitor.Known, tab string) (out []object, err error) {
	out = []object{}
	c, ok, err := f.Intake.Latest(ctx, k.Visitor.Actor())
	if err == nil && !ok {
		f.tabs.put(tab, mark{})
	}
	if err != nil || !ok {
		return out, err
	}
	p, err := f.partyOf(ctx, k)
	if err != nil {
		return out, err
	}
	m, known := f.tabs.get(tab)
	if !known {
		m = mark{conversation: c.ID, seq: c.VisitorRead}
	}
	if m.conversation != c.ID {
		full, err := f.after(ctx, p, &m, &out)
		if err != nil || full {
			f.tabs.put(tab, m)
			return out, err
		}
		m = mark{conversation: c.ID}
		out = append(out, p.created(c))
	}
	full, err := f.after(ctx, p, &m, &out)
	if err == nil && !full && !m.asked {
		var ask object
		if ask, err = f.asking(ctx, p, k, c); ask != nil {
			out, m.asked = append(out, ask), true
		}
	}
	f.tabs.put(tab, m)
	return out, err
}

// page is how many messages are told at once.
const page = 100

// after adds what comes behind a mark; full says that there may be more.
func (f *Front) after(ctx context.Context, p party, m *mark, out *[]object) (full bool, err error) {
	messages, err := f.Conversations.Messages(ctx, actor.ForSystem(p.tenant), m.conversation, conversation.Range{After: m.seq, Limit: page, Visible: true})
	if errs.CodeOf(err) == errs.NotFound {
		return false, nil // it was deleted
	}
	for _, x := range messages {
		m.seq = x.Seq
		switch {
		case x.From.Kind == actor.Visitor && x.Recalled == nil:
			if x.ClientID != "" {
				*out = append(*out, p.ack(x.ClientID, x, x.Conversation))
			}
		default:
			if calledBack(x.Line) {
				*out = append(*out, p.outbound(x))
			}
			if o := f.message(p, x); o != nil {
				*out = append(*out, o)
			}
		}
	}
	return len(messages) == page, err
}
