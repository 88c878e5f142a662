package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"parlor/internal/errs"
	"parlor/internal/outward"
)

// ask makes the request and returns the words of the model.
func (c *Client) ask(ctx context.Context, cfg Config, body []byte) (string, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(cfg.BaseURL, "/")+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return "", failure("engine_unreachable", "the address cannot be asked")
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Accept", "application/json")
	q.Header.Set("User-Agent", c.agent)
	if cfg.Key != "" {
		q.Header.Set("Authorization", "Bearer "+cfg.Key)
	}
	r, err := c.http.Do(q)
	if err != nil {
		return "", unreachable(ctx, err)
	}
	defer func() { _ = r.Body.Close() }() // it was read as far as wanted
	if r.StatusCode == http.StatusBadRequest && wantsOther(r.Body) {
		return "", errOtherForm
	}
	if err := stateOf(r); err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxReply+1))
	switch {
	case err != nil:
		return "", unreachable(ctx, err)
	case len(text) > maxReply:
		return "", failure("engine_too_large", "the reply is larger than %d bytes", maxReply)
	}
	return contentOf(text)
}

// errOtherForm says that a model does not know a field of the usual form.
var errOtherForm = failure("engine_failed", "it does not know the form of the question")

// wantsOther reports whether a refusal is about the fields that only the usual form has.
func wantsOther(body io.Reader) bool {
	var refusal struct {
		Error struct {
			Param string `json:"param"`
		} `json:"error"`
	}
	err := json.NewDecoder(io.LimitReader(body, maxReply)).Decode(&refusal)
	return err == nil && (refusal.Error.Param == "max_tokens" || refusal.Error.Param == "temperature")
}

// failure is an error of the engine. Its message never holds what was sent or came
// back.
func failure(reason, format string, args ...any) error {
	return errs.New(errs.Unavailable, reason, "The answer engine: "+format+".", args...)
}

// unreachable tells in own words why a request failed: those of the library hold the
// address.
func unreachable(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, outward.ErrPrivate):
		return failure("engine_private", "%s", outward.ErrPrivate)
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		return failure("engine_timeout", "no answer in time")
	}
	return failure("engine_unreachable", "it cannot be reached")
}

// stateOf refuses every reply but a good one in JSON.
func stateOf(r *http.Response) error {
	switch {
	case r.StatusCode == http.StatusUnauthorized || r.StatusCode == http.StatusForbidden:
		return failure("engine_key", "it does not accept the key (%d)", r.StatusCode)
	case r.StatusCode == http.StatusTooManyRequests:
		return failure("engine_busy", "it is asked too often (429)")
	case r.StatusCode >= 300 && r.StatusCode < 400:
		return failure("engine_redirected", "it sends elsewhere (%d), which is not followed", r.StatusCode)
	case r.StatusCode != http.StatusOK:
		return failure("engine_failed", "it answered %d", r.StatusCode)
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return failure("engine_bad_answer", "the reply is not JSON")
	}
	return nil
}

// completion is what is read of a reply.
type completion struct {
	Choices []struct {
		Finish  string `json:"finish_reason"`
		Message *struct {
			Content  any             `json:"content"`
			Tools    json.RawMessage `json:"tool_calls"`
			Function json.RawMessage `json:"function_call"`
		} `json:"message"`
	} `json:"choices"`
}

// contentOf returns the words of the model in a reply, "" for none.
func contentOf(reply []byte) (string, error) {
	var c completion
	if err := json.Unmarshal(reply, &c); err != nil || len(c.Choices) == 0 || c.Choices[0].Message == nil {
		return "", failure("engine_bad_answer", "the reply is not one of chat completions")
	}
	choice := c.Choices[0]
	if some(choice.Message.Tools) || some(choice.Message.Function) || choice.Finish == "tool_calls" || choice.Finish == "function_call" {
		return "", failure("engine_acted", "it wanted to call a tool; it was offered none")
	}
	// What was cut off or held back is no answer.
	if choice.Finish == "length" || choice.Finish == "content_filter" {
		return "", nil
	}
	if choice.Message.Content == nil {
		return "", nil
	}
	text, ok := choice.Message.Content.(string)
	if !ok {
		return "", failure("engine_bad_answer", "the reply is not text")
	}
	return text, nil
}

// some reports whether a field is there and not empty.
func some(field json.RawMessage) bool {
	switch strings.Join(strings.Fields(string(field)), "") {
	case "", "null", "[]":
		return false
	}
	return true
}
