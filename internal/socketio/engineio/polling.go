package engineio

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The life of a polling session after its end: a client between two polls must still get what was queued, and learn of
// the end. So a session that ends in good order lingers until the next poll, or WriteTimeout, and only then is
// forgotten. One that was ended because of what the client did, or did not do, is gone at once.

// polling is the state of a connection while its transport is polling. It is guarded by Conn.mu.
type polling struct {
	queue   []Message     // for the next poll, in order
	bytes   int           // in queue; at most Options.MaxQueue
	waiter  chan struct{} // closed to release the request that waits; nil if none waits
	posting bool          // a POST is being handled
	last    *Message      // what ends the session, once it has ended
	expired bool          // no further answer than an error
	how     ending        // once the session has ended
}

// openPolling opens a connection by polling. The handler is told before the answer is written, so that nothing a quick
// client sends is lost.
func (c *Conn) openPolling(w http.ResponseWriter, r *http.Request, callback string) {
	c.poll = &polling{}
	if !c.srv.register(c) {
		c.srv.addrs.leave(c.from.addr)
		c.srv.refuse(w, errDraining)
		return
	}
	c.srv.pollings.Add(1)
	c.mu.Lock()
	c.startHeartbeat()
	c.mu.Unlock()
	c.srv.handler.Open(c)
	c.reply(w, r, callback, []Message{c.openPacket([]string{TransportWebSocket})})
}

// enqueue needs mu. It queues all messages or none and releases the poll that waits. Errors are those of Send; after
// ErrSlowReader the caller must end the connection, without the lock (queued).
func (c *Conn) enqueue(messages ...Message) error {
	if c.closed || c.poll == nil {
		return ErrClosed
	}
	size := 0
	for _, m := range messages {
		size += m.size()
	}
	switch p := c.poll; {
	case size > c.srv.opts.MaxQueue:
		return ErrTooBig
	case p.bytes+size > c.srv.opts.MaxQueue:
		return ErrSlowReader
	default:
		p.queue = append(p.queue, messages...)
		p.bytes += size
	}
	// Once the probe is answered the client reads no more polls: hold the message for the WebSocket.
	if c.probe == nil || c.probe.stage != stageProbed {
		c.wake()
	}
	return nil
}

// queued ends a connection whose queue overflowed. It must be called without mu.
func (c *Conn) queued(err error) error {
	if err == ErrSlowReader { //nolint:errorlint // enqueue returns it bare
		c.end(ReasonSlowReader, endSlow)
	}
	return err
}

// wake needs mu. It releases a waiting poll, which then looks at the state itself.
func (c *Conn) wake() {
	if c.poll != nil && c.poll.waiter != nil {
		close(c.poll.waiter)
		c.poll.waiter = nil
	}
}

// take empties the queue and returns what was in it. The slice is the caller's.
func (p *polling) take() []Message {
	q := p.queue
	p.queue, p.bytes = nil, 0
	return q
}

// finish needs mu. It sets the last answer and reports whether a later poll is to fetch it. A client that closed itself
// and misses nothing gets a noop, as it would take a close packet for an error; all others learn that it was the
// server. A poll that waits is released, and takes the last answer itself unless messages come first.
func (p *polling) finish(how ending) bool {
	p.how = how
	switch how {
	case endClient:
		if len(p.queue) == 0 {
			p.last = &noopMessage
		}
	default:
		p.last = &closeMessage
	}
	graceful := p.graceful()
	if p.waiter != nil {
		close(p.waiter)
		p.waiter = nil
		return graceful && len(p.queue) > 0
	}
	p.expired = !graceful
	return graceful
}

// graceful reports whether what is queued is delivered before the end.
func (p *polling) graceful() bool {
	return p.how == endClient || p.how == endNormal || p.how == endShutdown
}

// pollResult is what a poll is answered with. One of refusal, overlap, probe and wait is set, or else messages are the
// answer.
type pollResult struct {
	messages []Message
	wait     chan struct{} // wait for this and ask again
	refusal  *refusal
	overlap  bool   // another poll is waiting
	probe    *probe // an upgrade is about to be completed
	done     bool   // the session has ended and this was its last answer
}

// upgradeGrace is how long a poll that came during an upgrade waits for its end, once the probe has been answered.
const upgradeGrace = 20 * time.Millisecond

// turn is where a poll stands. A poll asks for its answer up to three times: when it comes, after it has waited for the
// end of an upgrade, and when something has released it.
type turn struct {
	again    bool // it has waited and was released
	probing  bool // an upgrade was under way when it came
	patience bool // it may wait for the end of that upgrade
}

// nextPoll decides on a poll. The order of the cases matters: the end of the session comes before everything else, then
// an upgrade, and only then the queue. A poll from before an upgrade is answered with a noop, since the client waits
// for that answer before it completes the upgrade. One that came during the upgrade waits a little for its end: with it
// the poll has become a mistake and is refused, like one that comes later.
func (c *Conn) nextPoll(t *turn) pollResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.poll
	if !t.again && c.probe != nil {
		t.probing = true
	}
	switch {
	case p == nil:
		return pollResult{refusal: &errRequest}
	case c.closed && p.expired:
		return pollResult{refusal: &errSession}
	case c.closed:
		messages := p.take()
		if len(messages) > 0 && p.last != nil && p.graceful() {
			// Clients drop the packets that come together with a close packet, so that comes with the next poll.
			return pollResult{messages: messages}
		}
		p.expired = true
		if p.last != nil {
			messages = append(messages, *p.last)
		}
		return pollResult{messages: messages, done: true}
	case c.ws.Load() != nil && t.again && !t.probing:
		return pollResult{messages: []Message{noopMessage}}
	case c.probe != nil && c.probe.stage == stageProbed && t.probing && t.patience:
		return pollResult{probe: c.probe}
	case c.probe != nil && c.probe.stage == stageProbed:
		return pollResult{messages: []Message{noopMessage}}
	case c.ws.Load() != nil:
		return pollResult{refusal: &errRequest}
	case p.waiter != nil:
		return pollResult{overlap: true}
	case len(p.queue) > 0:
		return pollResult{messages: p.take()}
	}
	p.waiter = make(chan struct{})
	return pollResult{wait: p.waiter}
}

// servePoll answers a GET: at once if something is queued, else when something comes.
func (c *Conn) servePoll(w http.ResponseWriter, r *http.Request, callback string) {
	if c.late() {
		c.srv.refuse(w, errSession)
		return
	}
	if _, ok := callbackNumber(callback); callback != "" && !ok {
		c.srv.refuse(w, errRequest)
		return
	}
	for t := (turn{patience: true}); ; {
		res := c.nextPoll(&t)
		switch {
		case res.refusal != nil:
			c.srv.refuse(w, *res.refusal)
			return
		case res.overlap:
			c.end(ReasonTransportError, endPolicy)
			c.srv.refuse(w, errRequest)
			return
		case res.probe != nil:
			t.patience = false
			wait(res.probe.over, c.srv.grace)
			continue
		case res.wait == nil:
			if res.done {
				c.fetched()
			}
			c.reply(w, r, callback, res.messages)
			return
		}
		select {
		case <-res.wait:
			t.again = true
		case <-r.Context().Done(): // the client gave up its poll; messages it was to carry may be lost
			if c.ws.Load() == nil {
				c.end(ReasonTransportClose, endTimeout)
			}
			return
		}
	}
}

// wait waits for a channel to be closed, but not for long. It uses a timer of its own: the wheel may be one that tests
// move by hand, and a request must not depend on that.
func wait(ch <-chan struct{}, limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-ch:
	case <-timer.C:
	}
}

// reply writes messages as the answer to a GET, in the framing of the client's version. If they cannot be written they
// are lost, and the connection ends: the client could not know what it has missed.
func (c *Conn) reply(w http.ResponseWriter, r *http.Request, callback string, messages []Message) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	kind := "text/plain; charset=UTF-8"
	var body []byte
	switch {
	case c.protocol == V4:
		body = appendV4(nil, messages)
	case c.b64 || plainASCII(messages): // see the README for why ASCII keeps the text framing
		c.mu.Lock()
		known := c.text
		c.mu.Unlock()
		body = appendV3Text(nil, messages, known)
	default:
		kind = "application/octet-stream"
		body = appendV3Binary(nil, messages)
	}
	if number, ok := callbackNumber(callback); ok {
		kind = "text/javascript; charset=UTF-8"
		h.Set("X-Content-Type-Options", "nosniff")
		body = appendJSONP(nil, number, body)
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.srv.writeBy(w)
	c.srv.pollOut.Add(int64(len(body)))
	if _, err := w.Write(body); err != nil {
		reason, how := ReasonTransportError, endTimeout
		if r.Context().Err() == nil {
			reason, how = ReasonSlowReader, endSlow
		}
		c.end(reason, how)
	}
}

// beginPost reserves the right to deliver packets. The refusal is nil if the request may go on, and then endPost must
// follow. Without the reservation two POSTs would race, and packets of one client change places.
func (c *Conn) beginPost() *refusal {
	if c.late() {
		return &errSession
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return &errSession
	case c.poll == nil || c.poll.posting || c.ws.Load() != nil:
		return &errRequest
	}
	c.poll.posting = true
	return nil
}

// endPost allows the next POST and remembers what this one showed of the client's encoding. Until then c.text belongs
// to the POST under way.
func (c *Conn) endPost(known encoding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.poll.posting = false
	c.text = known
}

// servePost takes the packets of a POST. A body that is too large or malformed ends the session. The answer comes after
// the packets were handed to the handler, so a handler that blocks slows its client down.
func (c *Conn) servePost(w http.ResponseWriter, r *http.Request, callback string) {
	if e := c.beginPost(); e != nil {
		c.srv.refuse(w, *e)
		return
	}
	known := c.text
	defer func() { c.endPost(known) }()
	body, err := c.readBody(w, r)
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		c.end(ReasonParseError, endPolicy)
		c.srv.refuse(w, errBody)
		return
	case err != nil:
		c.end(ReasonTransportError, endTimeout)
		return
	}
	if err := c.decodeBody(body, r.Header.Get("Content-Type"), callback != "", &known); err != nil {
		c.end(ReasonParseError, endPolicy)
		c.srv.refuse(w, errRequest)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html") // old clients expect it
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", "2")
	_, _ = io.WriteString(w, "ok") // a client that left finds out by itself
}

// readBody reads a whole body, refusing one over the limit even if its length was not announced.
func (c *Conn) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	o := &c.srv.opts
	if r.ContentLength > int64(o.MaxPayload) {
		return nil, &http.MaxBytesError{Limit: int64(o.MaxPayload)}
	}
	// Not every ResponseWriter has deadlines; those without are bounded by their server.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(o.PingInterval + o.PingTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(o.MaxPayload)))
	c.srv.pollIn.Add(int64(len(body)))
	return body, err
}

// errStopped ends decoding after the connection has ended for a reason of its own.
var errStopped = errors.New("engineio: connection ended")

// decodeBody hands the packets of a body on, one by one and in order. Packets before a malformed one have been handled
// when the error is returned.
func (c *Conn) decodeBody(body []byte, contentType string, jsonp bool, known *encoding) (err error) {
	out := func(p packet) error {
		if !c.receive(p) {
			return errStopped
		}
		return nil
	}
	if jsonp {
		if body, err = jsonpBody(body); err != nil {
			return err
		}
	}
	// What the client declares decides; what XHR sends as text carries no charset we could trust anyway.
	isBytes := strings.HasPrefix(contentType, "application/octet-stream")
	switch {
	case c.protocol == V4 && isBytes:
		return errPayload
	case c.protocol == V4:
		err = decodeV4(body, out)
	case isBytes:
		err = decodeV3Binary(body, out)
	default:
		err = decodeV3Text(body, known, out)
	}
	if errors.Is(err, errStopped) {
		return c.stopped()
	}
	return err
}

// stopped tells whether a POST whose packets ended the connection is answered as good: a close packet is no error.
func (c *Conn) stopped() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.poll.how == endPolicy {
		return errPayload
	}
	return nil
}
