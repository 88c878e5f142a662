package contract

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// Method is a call of the method bridge: what the vendor's own clients send over
// the websocket, here over REST.
type Method struct {
	Name string
	// Auth asks for a login, needs for one of these permissions.
	Auth  bool
	Needs []string
	Do    func(ctx context.Context, c *Call, p Params) (any, error)
}

// methodTable are the methods by name.
type methodTable map[string]Method

// add makes methods known. Two of one name are a mistake of the program.
func (t methodTable) add(list ...Method) {
	for _, m := range list {
		if _, ok := t[m.Name]; ok {
			panic("two methods " + m.Name)
		}
		t[m.Name] = m
	}
}

// Params are the arguments of a method.
type Params []any

// At returns an argument, nil if it was left out.
func (p Params) At(i int) any {
	if i < len(p) {
		return p[i]
	}
	return nil
}

// Text returns an argument that must be a string.
func (p Params) Text(i int) (string, error) {
	s, ok := p.At(i).(string)
	if !ok {
		return "", Mismatch("Expected string, got " + typeName(p.At(i)))
	}
	return s, nil
}

// Read checks an argument against a shape and decodes it; one that was left out or
// is null changes nothing.
func (p Params) Read(i int, s Shape, dest any) error {
	if p.At(i) == nil {
		return nil
	}
	return s.Decode(p.At(i), dest)
}

// bridge adds the two paths of the method bridge.
func (f *Kit) bridge() {
	f.Add(
		Route{Method: http.MethodPost, Path: "method.call/:name", Do: f.callMethod, Auth: true},
		Route{Method: http.MethodPost, Path: "method.callAnon/:name", Do: f.callMethod},
	)
}

// callMethod reads the call out of the message and writes the answer into one.
func (f *Kit) callMethod(ctx context.Context, c *Call) (any, error) {
	var in struct{ Message string }
	if err := c.Read(Dict(Must("message", Text)).Matched(), &in); err != nil {
		return nil, err
	}
	var m struct {
		ID     any    `json:"id"`
		Method string `json:"method"`
		Params Params `json:"params"`
	}
	if err := json.Unmarshal([]byte(in.Message), &m); err != nil {
		return nil, Plain("Invalid JSON")
	}
	out := Object{"msg": "result", "id": m.ID}
	v, err := f.Invoke(ctx, c, m.Method, m.Params)
	switch {
	case err != nil:
		out["error"] = f.MethodError(c.R, err)
	case v != nil:
		if v, err = EJSON(v); err != nil {
			return nil, err
		}
		out["result"] = v
	}
	b, err := json.Marshal(out)
	return Object{"message": string(b)}, err
}

// Invoke runs a method. What it returns is its result; nil is none.
func (f *Kit) Invoke(ctx context.Context, c *Call, name string, p Params) (any, error) {
	m, ok := f.methods[name]
	if !ok {
		return nil, Structured("404", "Method '"+name+"' not found")
	}
	if m.Auth && c.Login == nil {
		return nil, Structured("error-not-allowed", "Not allowed")
	}
	if len(m.Needs) > 0 {
		switch err := c.Borrow(ctx, m.Needs); {
		case errors.Is(err, ErrPermission):
			return nil, Structured("error-not-allowed", "Not allowed")
		case err != nil:
			return nil, err
		}
	}
	return m.Do(ctx, c, p)
}

// MethodError is an error as methods report it.
func (f *Kit) MethodError(r *http.Request, err error) Object {
	var own *Fault
	if !errors.As(err, &own) {
		own = faultOf(err)
	}
	if own.Status == http.StatusInternalServerError {
		f.logInternal(r, err)
		return Object{"isClientSafe": true, "error": 500, "reason": "Internal server error", "message": "Internal server error [500]", "errorType": "Meteor.Error"}
	}
	if strings.HasPrefix(own.Text, "Match error: ") || own.Kind == "invalid-params" {
		return Object{"isClientSafe": true, "error": 400, "reason": "Match failed", "message": "Match failed [400]", "errorType": "Match.Error"}
	}
	code, text := own.Kind, own.Text
	if code == "" {
		code, text = own.Text, "["+own.Text+"]"
	}
	out := Object{"isClientSafe": true, "error": code, "message": text, "errorType": "Meteor.Error"}
	if code == "404" {
		out["error"] = 404
	}
	if reason, ok := strings.CutSuffix(text, " ["+code+"]"); ok {
		out["reason"] = reason
	}
	if own.details != nil {
		out["details"] = own.details
	}
	return out
}

// dateKeys are the keys whose values are times; methods write them as {"$date"}.
var dateKeys = map[string]bool{"ts": true, "_updatedAt": true, "lm": true, "createdAt": true, "_createdAt": true, "closedAt": true, "queuedAt": true,
	"takenAt": true, "lockedAt": true, "editedAt": true, "lastChat": true, "ls": true, "tlm": true, "estimatedInactivityCloseTimeAt": true}

// EJSON writes the times of a result the way methods do.
func EJSON(v any) (any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal(b, &tree); err != nil {
		return nil, err
	}
	return dated(tree), nil
}

func dated(v any) any {
	switch x := v.(type) {
	case []any:
		for i := range x {
			x[i] = dated(x[i])
		}
	case map[string]any:
		for k, inner := range x {
			text, isText := inner.(string)
			if at, err := time.Parse(stampForm, text); isText && dateKeys[k] && err == nil {
				x[k] = map[string]any{"$date": at.UnixMilli()}
				continue
			}
			x[k] = dated(inner)
		}
	}
	return v
}
