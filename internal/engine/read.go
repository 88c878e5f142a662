package engine

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// reply is what the model was asked to write.
type reply struct {
	Answer  string `json:"answer"`
	Sources []any  `json:"sources"`
	HandOff bool   `json:"hand_off"`
}

// mark is a number of a passage in a text.
var mark = regexp.MustCompile(`\[\s*(\d{1,2}(?:\s*[,，、]\s*\d{1,2})*)\s*\]|【\s*(\d{1,2})\s*】`)

// read makes an answer of what the model wrote: the object it was asked for, or, as
// small models do, a text with numbers in brackets, or the word HANDOFF.
func read(content string, passages []Passage) Answer {
	content = unfence(strings.TrimSpace(content))
	r, ok := object(content)
	if !ok {
		if strings.HasPrefix(content, "{") || strings.HasPrefix(content, "[{") {
			return Answer{Nothing: true} // half an object is no text
		}
		r = reply{Answer: content}
	}
	if r.HandOff || strings.Trim(r.Answer, " .!\n\"'*") == "HANDOFF" {
		return Answer{HandOff: true}
	}
	sources := named(r, ok, passages)
	text := clean(mark.ReplaceAllStringFunc(r.Answer, func(m string) string {
		if len(numbers(m, len(passages))) == 0 {
			return m
		}
		return ""
	}), links(passages))
	if text == "" || len(sources) == 0 {
		return Answer{Nothing: true}
	}
	return Answer{Text: text, Sources: sources}
}

// object reads the one object that a text is.
func object(content string) (r reply, ok bool) {
	d := json.NewDecoder(strings.NewReader(content))
	if err := d.Decode(&r); err != nil {
		return reply{}, false
	}
	_, err := d.Token()
	return r, errors.Is(err, io.EOF)
}

// unfence takes the fence of a code block off a text.
func unfence(s string) string {
	inner, ok := strings.CutPrefix(s, "```")
	if !ok {
		return s
	}
	if inner, ok = strings.CutSuffix(strings.TrimSpace(inner), "```"); !ok {
		return s
	}
	first, rest, ok := strings.Cut(inner, "\n")
	if ok && (first == "" || strings.TrimSpace(first) == "json") {
		inner = rest
	}
	return strings.TrimSpace(inner)
}

// named returns the ids of the passages that a reply names, each once: those it
// lists, or if it is no object the numbers in its text.
func named(r reply, listed bool, passages []Passage) (ids []string) {
	add := func(n int) {
		if n < 1 || n > len(passages) {
			return
		}
		if p := passages[n-1].ID; !slices.Contains(ids, p) {
			ids = append(ids, p)
		}
	}
	if !listed {
		for _, n := range numbers(r.Answer, len(passages)) {
			add(n)
		}
		return ids
	}
	for _, s := range r.Sources {
		switch s := s.(type) {
		case float64:
			if s == float64(int(s)) {
				add(int(s))
			}
		case string:
			if n, err := strconv.Atoi(strings.Trim(s, "[] ")); err == nil {
				add(n)
			}
		}
	}
	return ids
}

// numbers returns those in brackets in a text that are of passages.
func numbers(text string, most int) (list []int) {
	for _, m := range mark.FindAllStringSubmatch(text, -1) {
		for f := range strings.FieldsFuncSeq(m[1]+m[2], func(r rune) bool { return r < '0' || r > '9' }) {
			if n, err := strconv.Atoi(f); err == nil && n >= 1 && n <= most {
				list = append(list, n)
			}
		}
	}
	return list
}
