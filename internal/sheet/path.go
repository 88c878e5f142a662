package sheet

import (
	"strings"

	"parlor/internal/errs"
)

// Walk goes down a path of categories as tables write it, "a/b/c", and returns the id of
// the last, "" for an empty path. clean checks a name; enter returns the id of the
// category of a name below parent, which it makes if need be: walked is the path to it.
// Errors: Invalid "too_deep" beyond most names, "bad_name", and those of enter.
func Walk(path string, most int, clean func(string) (string, error), enter func(walked, parent, name string) (string, error)) (id string, err error) {
	if path = strings.Trim(path, "/ "); path == "" {
		return "", nil
	}
	parts := strings.Split(path, "/")
	if len(parts) > most {
		return "", errs.Field("category", "too_deep", "Categories are nested %d deep at most.", most)
	}
	for i, part := range parts {
		name, err := clean(part)
		if err != nil {
			return "", errs.Field("category", "bad_name", "%s", errs.MessageOf(err))
		}
		parts[i] = name
		if id, err = enter(strings.Join(parts[:i+1], "/"), id, name); err != nil {
			return "", err
		}
	}
	return id, nil
}
