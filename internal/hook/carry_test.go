package hook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/hook"
	"parlor/internal/id"
)

// carrier is a way out that keeps what it carried and fails as it is told.
type carrier struct {
	mu       sync.Mutex
	failures []error
	carried  chan string
	lost     chan string
}

func (*carrier) Header() string { return "" }

func (*carrier) Body(_ context.Context, h hook.Happening) ([]byte, error) {
	if h.Message.Text == "" {
		return nil, nil
	}
	return json.Marshal(h.Message.Text)
}

func (c *carrier) Carry(_ context.Context, _ hook.Happening, body []byte) (int, []byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.carried <- string(body)
	if len(c.failures) == 0 {
		return 200, []byte("ok"), nil
	}
	err := c.failures[0]
	c.failures = c.failures[1:]
	return 500, []byte("no"), err
}

func (c *carrier) Lost(_ context.Context, _ hook.Happening, l conversation.Loss) error {
	c.lost <- strings.TrimSpace(fmt.Sprintf("%d %s %s %s", l.Seq, l.Reason, l.Word, l.About))
	return nil
}

func TestTheWayOutOfAChannel(t *testing.T) {
	t.Parallel()
	each(t, hook.Options{Private: true}, func(b *bench) {
		ctx := t.Context()
		out := b.out
		out.failures = []error{nil, errors.New("later"), hook.Final("%w", &hook.Cause{Word: "no_wings", About: "7", Text: "never"})}
		b.must(b.hooks.Bind(ctx, "main", "pigeon", "pigeon"))
		b.must(b.hooks.Bind(ctx, "main", "pigeon", "pigeon"))
		list, err := b.hooks.List(ctx, admin)
		b.must(err)
		if len(list) != 0 {
			t.Fatalf("listed: %v", list)
		}
		web := b.w.Start("web", "")
		c, _, err := b.st.Start(ctx, conversation.Conversation{ID: id.Conversation(id.New()), Tenant: "main", Inbox: b.w.Inbox, Channel: "pigeon", Visitor: b.w.Visitor("bird"), Status: conversation.Queued,
			Version: 1, CreatedAt: b.w.Now, QueuedAt: b.w.Now, LastAt: b.w.Now})
		b.must(err)
		b.w.Assign(web, b.agent)
		b.w.Assign(c, b.agent)
		agent := actor.Actor{Kind: actor.Agent, Tenant: "main", Agent: b.agent, Name: "Ann", Permissions: actor.Permissions()}
		say := func(in conversation.Conversation, kind conversation.Kind, text string) conversation.Message {
			t.Helper()
			m, err := b.talks.Post(ctx, agent, conversation.PostInput{Conversation: in.ID, Kind: kind, Text: text})
			b.must(err)
			return m.Message
		}
		carried := func(want string) {
			t.Helper()
			for {
				select {
				case got := <-out.carried:
					if got != `"`+want+`"` {
						t.Fatalf("carried %s, want %s", got, want)
					}
					return
				default:
					b.nudge()
				}
			}
		}
		b.say(c, "from the visitor")
		say(web, conversation.Text, "elsewhere")
		say(c, conversation.Note, "among us")
		first := say(c, conversation.Text, "one")
		carried("one")
		if _, err := b.talks.Edit(ctx, agent, c.ID, first.Seq, "one, changed"); err != nil {
			t.Fatal(err)
		}
		say(c, conversation.Text, "two")
		last := say(c, conversation.Text, "three")
		carried("two")
		b.logged(2)
		b.clock.AwaitTimers(1)
		b.clock.Advance(hook.Pause(1, hook.DefaultTimeout) + time.Second)
		carried("two") // final now: what comes behind it goes on
		carried("three")
		if got := <-out.lost; !strings.HasSuffix(got, " never no_wings 7") || strings.HasPrefix(got, fmt.Sprint(last.Seq)) {
			t.Fatal(got)
		}
		b.logged(4)
		dead := b.attempts(hook.Filter{Dead: true})
		if len(dead) != 1 || dead[0].Status != 500 || dead[0].Number != 2 {
			t.Fatalf("%+v", dead)
		}
		if answer, err := b.hooks.Answers(ctx, "main", []id.Conversation{c.ID}); err != nil || len(answer) > 0 {
			t.Fatalf("what a carrier says is what a receiver says: %q %v", answer, err)
		}
		b.must(b.hooks.Replay(ctx, admin, dead[0].ID))
		carried("two")
	})
}

func TestRequestsOfChannelsStayOutside(t *testing.T) {
	t.Parallel()
	each(t, hook.Options{}, func(b *bench) {
		for _, address := range []string{b.url, "http://localhost:1/x", "file:///etc/passwd", "http://10.0.0.1/"} {
			q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
			b.must(err)
			if r, err := b.hooks.Do(q, 3); err == nil {
				t.Errorf("%s answered %d", address, r.StatusCode)
				_ = r.Body.Close()
			}
		}
		if c, err := b.hooks.Dialer().DialContext(t.Context(), "tcp", strings.TrimPrefix(b.url, "http://")); err == nil {
			t.Error("connected to a private address")
			_ = c.Close()
		}
	})
}
