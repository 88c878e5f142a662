package circular

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"parlor/internal/account"
	"parlor/internal/errs"
)

// Limits of a query.
const (
	maxQuery   = 10_000
	maxDepth   = 5
	maxPattern = 200
)

var errQuery = errs.Field("query", "bad_query", "The query is not an object of fields of people.")

// test tells whether somebody is wanted.
type test func(a account.Agent) bool

// everybody is wanted if nothing is asked for.
func everybody(account.Agent) bool { return true }

// readQuery reads a query such as {"roles":{"$in":["admin"]},"active":true}. Fields
// are _id, username, name, email or emails.address, active and roles; operators $eq,
// $ne, $in, $nin, $exists and $regex; $and and $or take lists of queries.
func readQuery(text string) (test, error) {
	if strings.TrimSpace(text) == "" {
		return everybody, nil
	}
	var v map[string]any
	if len(text) > maxQuery || json.Unmarshal([]byte(text), &v) != nil {
		return nil, errQuery
	}
	return all(v, 0)
}

// all wants every key of an object to hold.
func all(v map[string]any, depth int) (test, error) {
	if depth > maxDepth {
		return nil, errQuery
	}
	var tests []test
	for key, want := range v {
		one, err := condition(key, want, depth)
		if err != nil {
			return nil, err
		}
		tests = append(tests, one)
	}
	return func(a account.Agent) bool {
		return !slices.ContainsFunc(tests, func(t test) bool { return !t(a) })
	}, nil
}

func condition(key string, want any, depth int) (test, error) {
	if key != "$and" && key != "$or" {
		values, ok := fields[key]
		if !ok {
			return nil, errQuery
		}
		return compare(values, want)
	}
	list, _ := want.([]any)
	if len(list) == 0 {
		return nil, errQuery
	}
	var tests []test
	for _, x := range list {
		m, _ := x.(map[string]any)
		if m == nil {
			return nil, errQuery
		}
		one, err := all(m, depth+1)
		if err != nil {
			return nil, err
		}
		tests = append(tests, one)
	}
	return func(a account.Agent) bool {
		failed := slices.ContainsFunc(tests, func(t test) bool { return !t(a) })
		passed := slices.ContainsFunc(tests, func(t test) bool { return t(a) })
		return passed && (key == "$or" || !failed)
	}, nil
}

// fields are the values of a field; one of several is enough.
var fields = map[string]func(a account.Agent) []any{
	"_id":            func(a account.Agent) []any { return []any{string(a.ID)} },
	"username":       func(a account.Agent) []any { return []any{a.Username} },
	"name":           func(a account.Agent) []any { return []any{a.Name} },
	"email":          func(a account.Agent) []any { return []any{a.Email} },
	"emails.address": func(a account.Agent) []any { return []any{a.Email} },
	"active":         func(a account.Agent) []any { return []any{!a.Disabled} },
	"roles": func(a account.Agent) (list []any) {
		for _, r := range a.Roles() {
			list = append(list, roleName(r))
		}
		return list
	},
}

// roleName is what integrations call a role.
func roleName(r account.Role) string {
	switch r {
	case account.Supervisor:
		return "livechat-manager"
	case account.Member:
		return "livechat-agent"
	case account.Monitor:
		return "livechat-monitor"
	}
	return string(r)
}

// compare makes a test of one field.
func compare(values func(a account.Agent) []any, want any) (test, error) {
	ops, isOps := want.(map[string]any)
	if !isOps {
		if _, isList := want.([]any); isList {
			return nil, errQuery
		}
		ops = map[string]any{"$eq": want}
	}
	var tests []test
	for op, v := range ops {
		one, err := operator(op, v)
		if err != nil {
			return nil, err
		}
		tests = append(tests, func(a account.Agent) bool { return one(values(a)) })
	}
	return func(a account.Agent) bool {
		return !slices.ContainsFunc(tests, func(t test) bool { return !t(a) })
	}, nil
}

func operator(op string, v any) (func(have []any) bool, error) {
	list, isList := v.([]any)
	text, isText := v.(string)
	_, isObject := v.(map[string]any)
	switch {
	case op == "$eq" && !isList && !isObject:
		return func(have []any) bool { return slices.Contains(have, v) }, nil
	case op == "$ne" && !isList && !isObject:
		return func(have []any) bool { return !slices.Contains(have, v) }, nil
	case (op == "$in" || op == "$nin") && isList && scalars(list):
		return func(have []any) bool {
			return slices.ContainsFunc(have, func(x any) bool { return slices.Contains(list, x) }) == (op == "$in")
		}, nil
	case op == "$exists":
		there := v == true || v == 1.0
		return func(have []any) bool { return slices.ContainsFunc(have, func(x any) bool { return x != "" }) == there }, nil
	case op == "$regex" && isText && len(text) <= maxPattern:
		re, err := regexp.Compile(text)
		if err != nil {
			return nil, errQuery
		}
		return func(have []any) bool {
			return slices.ContainsFunc(have, func(x any) bool { s, ok := x.(string); return ok && re.MatchString(s) })
		}, nil
	}
	return nil, errQuery
}

// scalars reports whether a list can be compared with.
func scalars(list []any) bool {
	return !slices.ContainsFunc(list, func(x any) bool {
		switch x.(type) {
		case []any, map[string]any:
			return true
		}
		return false
	})
}
