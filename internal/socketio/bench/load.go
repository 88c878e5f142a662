package main

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parlor/internal/wsconn"
	"parlor/internal/wsconn/wstest"
)

// body is an event argument that makes a message of about 110 bytes.
const body = `{"message":"hello, is this still available in blue?","type":"text","time":1700000000000,"id":"m-000"}`

// connect opens n Socket.IO connections.
func (t *target) connect(n int, readBuffer int) ([]*wstest.Client, error) {
	if err := raiseFiles(); err != nil {
		return nil, err
	}
	all := make([]*wstest.Client, n)
	for i := range all {
		url := fmt.Sprintf("ws://%s/socket.io/?EIO=4&transport=websocket&pair=p%d", t.address, i/2)
		c, _, err := wstest.DialSize(url, nil, readBuffer)
		if err != nil {
			return all, err
		}
		all[i] = c
		if err := c.Text("40"); err != nil {
			return all, err
		}
		for range 2 { // open packet, CONNECT answer
			if _, err := c.ReadText(); err != nil {
				return all, err
			}
		}
		if err := c.Conn.SetReadDeadline(time.Time{}); err != nil {
			return all, err
		}
	}
	return all, nil
}

// closeAll drops all connections that were opened.
func closeAll(all []*wstest.Client) {
	for _, c := range all {
		if c != nil {
			_ = c.Close() // the measurement is over
		}
	}
}

// idle measures memory per connection, some seconds after the last one connected.
func (t *target) idle(n int) (string, error) {
	warm, err := t.connect(100, 256)
	closeAll(warm)
	if err != nil {
		return "", err
	}
	time.Sleep(time.Second)
	before, err := t.rss()
	if err != nil {
		return "", err
	}
	began := time.Now()
	all, err := t.connect(n, 256)
	defer closeAll(all)
	if err != nil {
		return "", err
	}
	took := time.Since(began)
	time.Sleep(5 * time.Second)
	after, err := t.rss()
	return fmt.Sprintf("%.1f kB RSS a connection at %d (from %.1f to %.1f MB), %.0f connects/s",
		float64(after-before)/1024/float64(n), n, mb(before), mb(after), float64(n)/took.Seconds()), err
}

// mb is a number of bytes in MB.
func mb(n int) float64 { return float64(n) / (1 << 20) }

// pingPong keeps one message of every client (echo) or of every pair (relay) under way.
func (t *target) pingPong(event string, l load) (string, error) {
	all, err := t.connect(l.clients, 4096)
	defer closeAll(all)
	if err != nil {
		return "", err
	}
	frame := wstest.AppendFrame(nil, true, wsconn.OpText, []byte(`42["`+event+`",`+body+`]`))
	frames := bytes.Repeat(frame, l.window)
	pong := wstest.AppendFrame(nil, true, wsconn.OpText, []byte("3"))
	var count atomic.Int64
	var mu sync.Mutex
	var delays []time.Duration
	for i, c := range all {
		// In relay, the second of each pair answers what it gets, so that messages go both ways.
		starts := event == "echo" || i%2 == 0
		go func() {
			buf := make([]byte, 512)
			due := 0
			sent := time.Now()
			if starts {
				_, _ = c.Conn.Write(bytes.Repeat(frame, l.window)) // the end shows in the reads
			}
			for n := 0; ; n++ {
				_, p, err := c.ReadFrame(buf)
				if err != nil {
					return
				}
				if len(p) == 1 {
					_, _ = c.Conn.Write(pong)
					continue
				}
				now := time.Now()
				if n%64 == 0 && event == "echo" {
					mu.Lock()
					delays = append(delays, now.Sub(sent))
					mu.Unlock()
				}
				count.Add(1)
				if due++; c.Reader.Buffered() > 0 && due < l.window {
					continue // answer what has arrived together with one write
				}
				sent = now
				_, _ = c.Conn.Write(frames[:due*len(frame)])
				due = 0
			}
		}()
	}
	rate, micros, err := t.rate(&count, l.length)
	return fmt.Sprintf("%8.0f /s, %5.1f µs CPU a message%s", rate, micros, percentiles(&mu, &delays)), err
}

// percentiles describes the delays seen so far, if there are enough to say anything.
func percentiles(mu *sync.Mutex, delays *[]time.Duration) string {
	mu.Lock()
	defer mu.Unlock()
	if len(*delays) < 100 {
		return ""
	}
	slices.Sort(*delays)
	at := func(q float64) time.Duration {
		return (*delays)[int(q*float64(len(*delays)-1))].Round(10 * time.Microsecond)
	}
	return fmt.Sprintf(", round trip under full load p50 %v p99 %v", at(.5), at(.99))
}

// fanOut keeps one message to everybody under way.
func (t *target) fanOut(l load) (string, error) {
	all, err := t.connect(l.clients, 4096)
	defer closeAll(all)
	if err != nil {
		return "", err
	}
	frame := wstest.AppendFrame(nil, true, wsconn.OpText, []byte(`42["all",`+body+`]`))
	var count atomic.Int64
	for i, c := range all {
		go func() {
			buf := make([]byte, 512)
			for {
				_, p, err := c.ReadFrame(buf)
				if err != nil {
					return
				}
				if len(p) == 1 {
					_ = c.Text("3")
					continue
				}
				count.Add(1)
				if i == 0 {
					_, _ = c.Conn.Write(frame) // the end shows in the reads
				}
			}
		}()
	}
	for range 8 { // several under way, so that the server never waits
		if _, err := all[0].Conn.Write(frame); err != nil {
			return "", err
		}
	}
	rate, micros, err := t.rate(&count, l.length)
	return fmt.Sprintf("%8.0f /s, %5.1f µs CPU a delivery, to %d clients", rate, micros, l.clients), err
}

// slow lets one client stop reading while it is sent 1.2 MB/s, until the server closes it.
func (t *target) slow() (string, error) {
	all, err := t.connect(10, 4096)
	defer closeAll(all)
	if err != nil {
		return "", err
	}
	// The same load on a client that reads comes first, so that its garbage is not counted as growth.
	if err := all[1].Text(`42["flood"]`); err != nil {
		return "", err
	}
	for range 300 {
		if _, err := all[1].ReadText(); err != nil {
			return "", err
		}
	}
	if err := all[1].Close(); err != nil {
		return "", err
	}
	before, err := t.rss()
	if err != nil {
		return "", err
	}
	began, most := time.Now(), before
	if err := all[0].Text(`42["flood"]`); err != nil {
		return "", err
	}
	// The client's own kernel takes what it has room for; the end shows as a failing write.
	for time.Since(began) < 40*time.Second {
		time.Sleep(50 * time.Millisecond)
		now, err := t.rss()
		if err != nil {
			return "", err
		}
		most = max(most, now)
		if all[0].Text("3") != nil { // fails once the server has reset the connection
			return fmt.Sprintf("%.2f MB growth, closed after %.1f s", mb(most-before), time.Since(began).Seconds()), nil
		}
	}
	return fmt.Sprintf("%.2f MB growth, not closed in 40 s", mb(most-before)), nil
}

// rate counts for some seconds after a short start.
func (t *target) rate(count *atomic.Int64, length time.Duration) (perSecond, micros float64, err error) {
	time.Sleep(500 * time.Millisecond)
	cpu0, err := t.cpu()
	if err != nil {
		return 0, 0, err
	}
	from, n := time.Now(), count.Load()
	time.Sleep(length)
	got, took := count.Load()-n, time.Since(from)
	cpu1, err := t.cpu()
	return float64(got) / took.Seconds(), float64((cpu1 - cpu0).Microseconds()) / float64(max(got, 1)), err
}
