package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"parlor/internal/wsconn/wstest"
)

// api is the REST side of the server.
type api struct {
	base   string
	client *http.Client
}

func newAPI(base string) *api {
	return &api{base: strings.TrimSuffix(base, "/"), client: &http.Client{Timeout: 30 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64}}}
}

// call sends a JSON body and decodes the answer into out.
func (a *api) call(ctx context.Context, method, path, token string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+"/api/parlor/v1"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := a.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // read to the end
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, b)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(b, out)
}

// socket is a Socket.IO connection to one namespace over WebSocket.
type socket struct {
	c   *wstest.Client
	nsp string
}

// dial connects to a namespace with an auth token.
func (a *api) dial(nsp, token string, buffer int) (*socket, error) {
	return a.dialFrom(nil, nsp, token, buffer)
}

// dialFrom is dial from an address of this machine, nil for any.
func (a *api) dialFrom(from net.IP, nsp, token string, buffer int) (*socket, error) {
	c, _, err := wstest.DialFrom(from, "ws"+strings.TrimPrefix(a.base, "http")+"/socket.io/?EIO=4&transport=websocket", nil, buffer)
	if err != nil {
		return nil, err
	}
	s := &socket{c: c, nsp: nsp}
	if err := c.Text(`40` + nsp + `,{"token":"` + token + `"}`); err != nil {
		return nil, err
	}
	for {
		text, err := s.read()
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(text, "44") {
			return nil, fmt.Errorf("connect refused: %s", text)
		}
		if strings.HasPrefix(text, "40"+nsp) {
			return s, nil
		}
	}
}

// read returns the next packet, answering heartbeats.
func (s *socket) read() (string, error) {
	for {
		_, b, err := s.c.Read()
		if err != nil {
			return "", err
		}
		text := string(b)
		if text != "2" {
			return text, nil
		}
		if err := s.c.Text("3"); err != nil {
			return "", err
		}
	}
}

// emit sends an event that asks for acknowledgement id.
func (s *socket) emit(id int, event, arg string) error {
	return s.c.Text(fmt.Sprintf(`42%s,%d["%s",%s]`, s.nsp, id, event, arg))
}

// spareFiles are the open files that a process needs besides its connections.
const spareFiles = 200

// raiseFiles allows as many open files as want needs, or as the system permits,
// and returns how many that are.
func raiseFiles(want int) (uint64, error) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, err
	}
	if need := uint64(max(want, 0) + spareFiles); need > l.Max {
		// Above the hard limit only who administers the machine may go.
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: need, Max: need}); err == nil {
			return need, nil
		}
	}
	l.Cur = l.Max
	return l.Max, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}
