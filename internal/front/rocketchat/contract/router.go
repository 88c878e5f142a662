package contract

import (
	"slices"
)

// node is a segment of the paths that are served. A literal segment goes before
// a parameter; if it leads nowhere the parameter is tried.
type node struct {
	literal map[string]*node
	// param is the child for any segment, name what it is called.
	param *node
	name  string
	verbs verbs
}

// verbs are the routes of a path by HTTP method.
type verbs map[string]Route

// methods lists the methods of a path in order.
func (v verbs) methods() []string {
	list := make([]string, 0, len(v))
	for m := range v {
		list = append(list, m)
	}
	slices.Sort(list)
	return list
}

// add hangs a route into the tree. Two routes of one method and path are a
// mistake of the program.
func (n *node) add(r Route) {
	for _, s := range split(r.Path) {
		if s[0] == ':' {
			if n.param == nil {
				n.param = &node{}
			}
			n = n.param
			n.name = s[1:]
			continue
		}
		if n.literal == nil {
			n.literal = map[string]*node{}
		}
		if n.literal[s] == nil {
			n.literal[s] = &node{}
		}
		n = n.literal[s]
	}
	if n.verbs == nil {
		n.verbs = verbs{}
	}
	if _, ok := n.verbs[r.Method]; ok {
		panic("two routes for " + r.Method + " " + r.Path)
	}
	n.verbs[r.Method] = r
}

// split cuts a path at its slashes.
func split(path string) []string {
	var list []string
	for start, i := 0, 0; i <= len(path); i++ {
		if i == len(path) || path[i] == '/' {
			list = append(list, path[start:i])
			start = i + 1
		}
	}
	return list
}

// find returns what is served under the segments of a path, and its parameters.
func (n *node) find(segments []string) (verbs, map[string]string) {
	if len(segments) == 0 {
		if n.verbs == nil {
			return nil, nil
		}
		return n.verbs, nil
	}
	if next := n.literal[segments[0]]; next != nil {
		if v, params := next.find(segments[1:]); v != nil {
			return v, params
		}
	}
	if n.param == nil || segments[0] == "" {
		return nil, nil
	}
	v, params := n.param.find(segments[1:])
	if v == nil {
		return nil, nil
	}
	if params == nil {
		params = map[string]string{}
	}
	params[n.param.name] = segments[0]
	return v, params
}
