// Package engine asks a language model for an answer that is made of articles of the
// knowledge base. The model is reached by the chat completions interface that OpenAI
// began and many servers speak.
//
// What the model may do is held by this code, not by what the model is told: it is
// offered no tools, only text comes out, without links but those of the articles,
// and an answer that names none of the articles as its source is no answer.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"parlor/internal/errs"
	"parlor/internal/outward"
)

// Bounds and defaults.
const (
	DefaultTimeout   = 15 * time.Second
	MaxTimeout       = 60 * time.Second
	DefaultMaxTokens = 400
	LeastMaxTokens   = 16
	MostMaxTokens    = 2000
	MaxModel         = 200
	MaxKey           = 500
	MaxURL           = 500
	// MaxPassages, MaxHistory and the following, in characters, bound what is sent.
	MaxPassages = 8
	MaxHistory  = 10
	maxQuestion = 2000
	maxPassage  = 4000
	maxTurn     = 500
	maxTitle    = 200
	// MaxAnswer is how many characters an answer has at most.
	MaxAnswer = 2000
	// maxReply is how much of a reply is read, in bytes.
	maxReply = 256 << 10
	// atOnce is how many questions of all companies are under way; robots of one company
	// ask a quarter of them.
	atOnce = 128
)

// Options are of the server.
type Options struct {
	// Private lets private and loopback addresses through, also without TLS.
	Private bool
	// Agent is the User-Agent of requests.
	Agent string
}

// Config is what a robot has set. It is printed without its key.
type Config struct {
	// BaseURL is the address before /chat/completions, as in https://api.example.com/v1.
	BaseURL string
	Model   string
	// Key goes into the header Authorization; "" sends none.
	Key string `json:"-"`
	// Timeout bounds a question altogether; 0 is DefaultTimeout.
	Timeout time.Duration
	// MaxTokens bounds what the model writes; 0 is DefaultMaxTokens.
	MaxTokens int
}

// String leaves the key out.
func (c Config) String() string {
	return fmt.Sprintf("%s %s %s %d", host(c.BaseURL), c.Model, c.Timeout, c.MaxTokens)
}

// GoString leaves the key out.
func (c Config) GoString() string { return c.String() }

// LogValue leaves the key out.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Turn is an earlier message of the conversation.
type Turn struct {
	// Visitor is whether the visitor said it.
	Visitor bool
	Text    string
}

// Question is what a visitor wants to know.
type Question struct {
	Text string
	// Locale is the visitor's language, Company who is asked.
	Locale  string
	Company string
	// History are earlier messages, oldest first; the newest MaxHistory are sent.
	History []Turn
}

// Passage is an article that the answer may be made of.
type Passage struct {
	ID    string
	Title string
	Text  string
	// Link is the one address of this passage that an answer may hold.
	Link string
}

// Answer is what came of a question. Only one of Text, HandOff and Nothing is set.
type Answer struct {
	// Text is plain text, at most MaxAnswer characters.
	Text string
	// Sources are the ids of the passages it is made of, at least one with Text.
	Sources []string
	// HandOff is whether a person should take over.
	HandOff bool
	// Nothing is whether the passages do not answer the question.
	Nothing bool
}

// Client asks engines. It is safe for concurrent use.
type Client struct {
	http  *http.Client
	guard outward.Guard
	agent string
	slots chan struct{}

	mu sync.Mutex
	// thinking are the models that want the other form of a request.
	thinking map[string]bool
}

// New returns a client; it connects to nothing.
func New(o Options) *Client {
	g := outward.Guard{Private: o.Private}
	return &Client{http: g.Client(), guard: g, agent: o.Agent, slots: make(chan struct{}, atOnce), thinking: map[string]bool{}}
}

// Close ends connections that are not in use. It may be called twice.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Check tells what is wrong with a config. Errors: Invalid with the field baseUrl,
// model, key, timeoutSeconds or maxTokens.
func (c *Client) Check(cfg Config) error {
	u, err := url.Parse(cfg.BaseURL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" || len(cfg.BaseURL) > MaxURL || u.Scheme != "https" && u.Scheme != "http":
		// Not the parser's words: they hold the address, which may hold a secret.
		return errs.Field("baseUrl", "bad_url", "This is not an address that starts with https://, without name, question mark or hash.")
	case u.Scheme == "http" && !c.guard.Private:
		return errs.Field("baseUrl", "not_encrypted", "The address must start with https://.")
	case c.guard.Allowed(cfg.BaseURL) != nil:
		return errs.Field("baseUrl", "private_address", "%s is a private address; the server's setting webhook-private decides whether those are allowed.", u.Hostname())
	case strings.TrimSpace(cfg.Model) == "" || utf8.RuneCountInString(cfg.Model) > MaxModel || strings.ContainsFunc(cfg.Model, unicode.IsControl):
		return errs.Field("model", "bad_model", "Name the model, with at most %d characters.", MaxModel)
	case len(cfg.Key) > MaxKey || strings.ContainsFunc(cfg.Key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errs.Field("key", "bad_key", "The key has at most %d characters, without blanks.", MaxKey)
	case cfg.Timeout != 0 && (cfg.Timeout < time.Second || cfg.Timeout > MaxTimeout):
		return errs.Field("timeoutSeconds", "bad_timeout", "1 to %d seconds are allowed.", int(MaxTimeout/time.Second))
	case cfg.MaxTokens != 0 && (cfg.MaxTokens < LeastMaxTokens || cfg.MaxTokens > MostMaxTokens):
		return errs.Field("maxTokens", "bad_number", "%d to %d tokens are allowed.", LeastMaxTokens, MostMaxTokens)
	}
	return nil
}

// Answer asks the engine once. Without passages the answer is Nothing and nobody is
// asked.
//
// Errors: those of Check; Unavailable with the reason "engine_timeout",
// "engine_unreachable", "engine_private", "engine_key" (401, 403), "engine_busy"
// (429, or too many questions at once), "engine_redirected", "engine_failed" (other
// states), "engine_too_large", "engine_bad_answer" (no reply of the interface),
// "engine_acted" (the model wanted to call a tool). No error holds the key.
func (c *Client) Answer(ctx context.Context, cfg Config, q Question, passages []Passage) (a Answer, err error) {
	if err = c.Check(cfg); err != nil {
		return a, err
	}
	if len(passages) == 0 || strings.TrimSpace(q.Text) == "" {
		return Answer{Nothing: true}, nil
	}
	passages = passages[:min(len(passages), MaxPassages)]
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.MaxTokens == 0 {
		cfg.MaxTokens = DefaultMaxTokens
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return a, errs.New(errs.Unavailable, "engine_busy", "Too many questions are under way.")
	}
	content, err := c.question(ctx, cfg, q, passages)
	if err != nil {
		return a, err
	}
	return read(content, passages), nil
}

// question asks in the form that the model knows. If that is not known yet the usual
// one comes first, and the other one if the model says so.
func (c *Client) question(ctx context.Context, cfg Config, q Question, passages []Passage) (string, error) {
	model := cfg.BaseURL + " " + cfg.Model
	thinks := c.known(model)
	for {
		body, err := request(cfg, q, passages, thinks)
		if err != nil {
			return "", err
		}
		content, err := c.ask(ctx, cfg, body)
		if thinks || !errors.Is(err, errOtherForm) {
			return content, err
		}
		thinks = true
		c.learn(model)
	}
}

// maxModels is how many models are remembered that need the other form.
const maxModels = 1000

func (c *Client) known(model string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.thinking[model]
}

func (c *Client) learn(model string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.thinking) >= maxModels {
		clear(c.thinking)
	}
	c.thinking[model] = true
}

// host is what may be told of an address.
func host(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return ""
}
