package rocketchat

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"parlor/internal/front/httpx"
)

// method is a call of the method bridge: what the vendor's own clients send over
// the websocket, here over REST.
type method struct {
	name string
	// auth asks for a login, needs for one of these permissions.
	auth  bool
	needs []string
	do    func(ctx context.Context, c *call, p params) (any, error)
}

// methodTable are the methods by name.
type methodTable map[string]method

// add makes methods known. Two of one name are a mistake of the program.
func (t methodTable) add(list ...method) {
	for _, m := range list {
		if _, ok := t[m.name]; ok {
			panic("two methods " + m.name)
		}
		t[m.name] = m
	}
}

// params are the arguments of a method.
type params []any

// at returns an argument, nil if it was left out.
func (p params) at(i int) any {
	if i < len(p) {
		return p[i]
	}
	return nil
}

// text returns an argument that must be a string.
func (p params) text(i int) (string, error) {
	s, ok := p.at(i).(string)
	if !ok {
		return "", mismatch("Expected string, got " + typeName(p.at(i)))
	}
	return s, nil
}

// read checks an argument against a shape and decodes it; one that was left out or
// is null changes nothing.
func (p params) read(i int, s shape, dest any) error {
	if p.at(i) == nil {
		return nil
	}
	return s.decode(p.at(i), dest)
}

// bridge adds the two paths of the method bridge.
func (f *Front) bridge() {
	f.add(
		route{method: http.MethodPost, path: "method.call/:name", do: f.callMethod, auth: true},
		route{method: http.MethodPost, path: "method.callAnon/:name", do: f.callMethod},
	)
}

// callMethod reads the call out of the message and writes the answer into one.
func (f *Front) callMethod(ctx context.Context, c *call) (any, error) {
	var in struct{ Message string }
	if err := c.read(dict(must("message", text)).matched(), &in); err != nil {
		return nil, err
	}
	var m struct {
		ID     any    `json:"id"`
		Method string `json:"method"`
		Params params `json:"params"`
	}
	if err := json.Unmarshal([]byte(in.Message), &m); err != nil {
		return nil, plain("Invalid JSON")
	}
	out := object{"msg": "result", "id": m.ID}
	v, err := f.invoke(ctx, c, m.Method, m.Params)
	switch {
	case err != nil:
		out["error"] = f.methodError(c.r, err)
	case v != nil:
		if v, err = ejson(v); err != nil {
			return nil, err
		}
		out["result"] = v
	}
	b, err := json.Marshal(out)
	return object{"message": string(b)}, err
}

// invoke runs a method. What it returns is its result; nil is none.
func (f *Front) invoke(ctx context.Context, c *call, name string, p params) (any, error) {
	m, ok := f.methods[name]
	if !ok {
		return nil, structured("404", "Method '"+name+"' not found")
	}
	if m.auth && c.login == nil {
		return nil, structured("error-not-allowed", "Not allowed")
	}
	if len(m.needs) > 0 {
		switch err := c.borrow(ctx, m.needs); {
		case errors.Is(err, errPermission):
			return nil, structured("error-not-allowed", "Not allowed")
		case err != nil:
			return nil, err
		}
	}
	return m.do(ctx, c, p)
}

// methodError is an error as methods report it.
func (f *Front) methodError(r *http.Request, err error) object {
	var own *fault
	if !errors.As(err, &own) {
		own = faultOf(err)
	}
	if own.status == http.StatusInternalServerError {
		httpx.LogInternal(f.Log, r, err)
		return object{"isClientSafe": true, "error": 500, "reason": "Internal server error", "message": "Internal server error [500]", "errorType": "Meteor.Error"}
	}
	if strings.HasPrefix(own.text, "Match error: ") || own.kind == "invalid-params" {
		return object{"isClientSafe": true, "error": 400, "reason": "Match failed", "message": "Match failed [400]", "errorType": "Match.Error"}
	}
	code, text := own.kind, own.text
	if code == "" {
		code, text = own.text, "["+own.text+"]"
	}
	out := object{"isClientSafe": true, "error": code, "message": text, "errorType": "Meteor.Error"}
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

// ejson writes the times of a result the way methods do.
func ejson(v any) (any, error) {
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
