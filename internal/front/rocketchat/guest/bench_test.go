package guest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

// callers is how many post at once.
const callers = 64

// BenchmarkPostMessage posts messages by 64 callers, each in a room of its own, and
// tells how many are durable a second and how long the slowest of a hundred takes.
func BenchmarkPostMessage(b *testing.B) {
	s := servertest.Start(b, nil)
	rooms := openRooms(b, s)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}
	var mu sync.Mutex
	var took []time.Duration
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for i := range callers {
		wg.Go(func() {
			var mine []time.Duration
			for next.Add(1) <= int64(b.N) {
				start := time.Now()
				post(b, client, s.URL, fmt.Sprintf(`{"token":"bench-visitor-%d","rid":%q,"msg":"Where is my order 4711? 我的订单在哪里？"}`, i, rooms[i]))
				mine = append(mine, time.Since(start))
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	slices.Sort(took)
	for _, p := range []int{50, 99} {
		b.ReportMetric(float64(took[(len(took)-1)*p/100].Microseconds())/1000, fmt.Sprintf("p%d-ms", p))
	}
}

// BenchmarkWebhookLeaves measures from the acknowledgement of a message to the
// arrival of its webhook.
func BenchmarkWebhookLeaves(b *testing.B) {
	s := servertest.Start(b, map[string]string{"webhook-private": "allow"})
	rooms := openRooms(b, s)
	arrived := make(chan time.Time, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived <- time.Now() }))
	defer receiver.Close()
	status, text, _ := s.Call("POST", "/api/parlor/v1/webhooks", fmt.Sprintf(`{"name":"bench","url":%q,"format":"rocketchat","occasions":["message.visitor"],"active":true}`, receiver.URL),
		"Authorization", "Bearer "+s.Token("root@example.com"), "Content-Type", "application/json")
	if status != http.StatusOK {
		b.Fatal(status, text)
	}
	client := &http.Client{}
	var took []time.Duration
	b.ResetTimer()
	for i := range b.N {
		post(b, client, s.URL, fmt.Sprintf(`{"token":"bench-visitor-%d","rid":%q,"msg":"hello"}`, i%callers, rooms[i%callers]))
		acknowledged := time.Now()
		took = append(took, (<-arrived).Sub(acknowledged))
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[(len(took)-1)*99/100].Microseconds())/1000, "p99-ms")
}

func openRooms(b *testing.B, s *servertest.Instance) []string {
	b.Helper()
	s.Agent("root@example.com", account.Admin)
	auth := []string{"Authorization", "Bearer " + s.Token("root@example.com"), "Content-Type", "application/json"}
	if status, text, _ := s.Call("POST", "/api/v1/settings/Livechat_accept_chats_with_no_agents", `{"value":true}`, auth...); status != http.StatusOK {
		b.Fatal(status, text)
	}
	rooms := make([]string, callers)
	for i := range rooms {
		s.Call("POST", "/api/v1/livechat/visitor", fmt.Sprintf(`{"visitor":{"token":"bench-visitor-%d"}}`, i), "Content-Type", "application/json")
		status, text, _ := s.Call("GET", fmt.Sprintf("/api/v1/livechat/room?token=bench-visitor-%d", i), "")
		_, rest, ok := strings.Cut(text, `"_id":"`)
		if status != http.StatusOK || !ok {
			b.Fatal(status, text)
		}
		rooms[i], _, _ = strings.Cut(rest, `"`)
	}
	return rooms
}

func post(b *testing.B, client *http.Client, url, body string) {
	r, err := client.Post(url+"/api/v1/livechat/message", "application/json", strings.NewReader(body))
	if err != nil {
		b.Error(err)
		return
	}
	defer func() { _ = r.Body.Close() }() // read to its end below
	if _, err := io.Copy(io.Discard, r.Body); err != nil || r.StatusCode != http.StatusOK {
		b.Error(r.StatusCode, err)
	}
}
