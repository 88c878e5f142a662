package wsconn_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parlor/internal/wsconn"
	"parlor/internal/wsconn/wstest"
)

// TestAHandlerThatWaitsHoldsUpNobody: with more handlers waiting than there are processors or kept goroutines, another
// connection is answered.
func TestAHandlerThatWaitsHoldsUpNobody(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	var waiting sync.WaitGroup
	url, _ := serve(t, wsconn.Options{}, func(p *peer, op wsconn.OpCode, data []byte) {
		if string(data) == "wait" {
			waiting.Done()
			<-hold
		}
		echo(p, op, data)
	})
	const n = 100
	waiting.Add(n)
	var stuck []*wstest.Client
	for range n {
		stuck = append(stuck, dial(t, url))
	}
	for _, c := range stuck { // in one go, so that several are found at once
		if err := c.Write(wsconn.OpText, []byte("wait")); err != nil {
			t.Fatal(err)
		}
	}
	waiting.Wait()
	free := dial(t, url)
	for i := range 50 {
		want := fmt.Sprint(i)
		if err := free.Write(wsconn.OpText, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := free.Read(); err != nil || string(got) != want {
			t.Fatal(string(got), err)
		}
	}
	close(hold)
	for _, c := range stuck {
		if _, got, err := c.Read(); err != nil || string(got) != "wait" {
			t.Fatal(string(got), err)
		}
	}
}

// TestWhatComesWhileAHandlerRunsIsNotForgotten: messages and the end of the stream that arrive while a message is being
// handled follow it, in order, although each is announced once.
func TestWhatComesWhileAHandlerRunsIsNotForgotten(t *testing.T) {
	t.Parallel()
	begun, hold := make(chan struct{}), make(chan struct{})
	var mu sync.Mutex
	var got []string
	url, peers := serve(t, wsconn.Options{}, func(p *peer, op wsconn.OpCode, data []byte) {
		if string(data) == "probe" {
			echo(p, op, data)
			return
		}
		mu.Lock()
		got = append(got, string(data))
		first := len(got) == 1
		mu.Unlock()
		if first {
			close(begun)
			<-hold
		}
	})
	c := dial(t, url)
	p := <-peers
	for i := range 3 {
		if i == 1 {
			<-begun
		}
		if err := c.Write(wsconn.OpText, []byte(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Conn.Close(); err != nil {
		t.Fatal(err)
	}
	// What happens to another connection afterwards is announced afterwards.
	probe := dial(t, url)
	if err := probe.Write(wsconn.OpText, []byte("probe")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := probe.Read(); err != nil {
		t.Fatal(err)
	}
	close(hold)
	if err := <-p.closed; !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if s := fmt.Sprint(got); s != "[0 1 2]" {
		t.Fatal(s)
	}
}

// TestAnEndRightBehindAMessageIsSeen: the end may come along with the last bytes, with no event of its own.
func TestAnEndRightBehindAMessageIsSeen(t *testing.T) {
	t.Parallel()
	var heard atomic.Int32
	url, peers := serve(t, wsconn.Options{}, func(*peer, wsconn.OpCode, []byte) { heard.Add(1) })
	const rounds = 200
	for range rounds {
		c := dial(t, url)
		p := <-peers
		if err := c.Write(wsconn.OpText, []byte("last words")); err != nil {
			t.Fatal(err)
		}
		if err := c.Conn.Close(); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-p.closed:
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the end was not noticed")
		}
	}
	if n := heard.Load(); n != rounds {
		t.Fatalf("%d of %d messages", n, rounds)
	}
}

// TestAFloodLeavesRoomForOthers: a connection that always has something to read does not keep another from its turn.
func TestAFloodLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, wsconn.Options{}, func(p *peer, op wsconn.OpCode, data []byte) {
		if len(data) < 100 {
			echo(p, op, data)
		}
	})
	var flooding sync.WaitGroup
	over := make(chan struct{})
	for range 4 {
		c := dial(t, url)
		flooding.Go(func() {
			for big := make([]byte, 60_000); ; {
				select {
				case <-over:
					return
				default:
				}
				if err := c.Write(wsconn.OpBinary, big); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	c := dial(t, url)
	for range 10 {
		if err := c.Write(wsconn.OpText, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.Read(); err != nil || string(got) != "hello" {
			t.Fatal(string(got), err)
		}
	}
	close(over)
	flooding.Wait()
}

// TestDescriptorsThatAreUsedAgainBelongToOneConnection opens and cuts connections side by side, so that numbers of
// descriptors change hands all the time, and looks whether anybody hears what is meant for somebody else.
func TestDescriptorsThatAreUsedAgainBelongToOneConnection(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, wsconn.Options{}, func(p *peer, op wsconn.OpCode, data []byte) {
		echo(p, op, data)
		if data[len(data)-1] == '9' {
			p.conn.Abort(nil)
		}
	})
	var all sync.WaitGroup
	for who := range 8 {
		all.Go(func() {
			for round := range 25 {
				c, _, err := wstest.Dial(url, http.Header{})
				if err != nil {
					t.Error(err)
					return
				}
				for i := range 9 {
					want := fmt.Sprint(who, round, i)
					if err := c.Write(wsconn.OpText, []byte(want)); err != nil {
						t.Error(err)
					}
					if _, got, err := c.Read(); err != nil || string(got) != want {
						t.Errorf("%s: %q %v", want, got, err)
					}
				}
				if round%2 == 0 {
					_ = c.Write(wsconn.OpText, []byte("9")) // may be cut off while it is sent
				}
				_ = c.Close()
			}
		})
	}
	all.Wait()
}
