package call

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Bounds of the whiteboard.
const (
	// BoardSide is the highest coordinate: a board is BoardSide wide and high, whatever
	// the size of the window.
	BoardSide = 10_000
	// MaxBoardPoints is the highest number of points of an element.
	MaxBoardPoints = 256
	// MaxBoardWidth is the widest line, in parts of BoardSide.
	MaxBoardWidth = 400
	// MaxBoardText is the longest text, in characters.
	MaxBoardText = 200
	// MaxBoardPages is the highest number of pages that one signal tells of.
	MaxBoardPages = 20
	// MaxBoardElements and MaxBoardGone bound the elements that one signal brings and
	// takes away.
	MaxBoardElements = 200
	MaxBoardGone     = 1000
	// MaxBoardAt is the highest place in the order of changes.
	MaxBoardAt = 1_000_000_000
)

// boardTools are the tools, with the lowest and highest number of points of each.
var boardTools = map[string][2]int{"pen": {1, MaxBoardPoints}, "line": {2, 2}, "rectangle": {2, 2}, "ellipse": {2, 2}, "arrow": {2, 2}, "text": {1, 1}}

var (
	// boardName is the id of an element or page; its first letter is the side that made it.
	boardName   = regexp.MustCompile(`^[av][0-9a-z]{1,20}$`)
	boardColour = regexp.MustCompile(`^#[0-9a-f]{6}$`)
)

// boardElement is something that was drawn. It never changes.
type boardElement struct {
	ID     string `json:"id"`
	Page   string `json:"page"`
	Tool   string `json:"tool"`
	Colour string `json:"colour"`
	Width  int    `json:"width"`
	// Points are x and y by turns, 0 to BoardSide.
	Points []int  `json:"points"`
	Text   string `json:"text,omitempty"`
	// At is its place in the order of changes.
	At int `json:"at"`
}

// boardPage is a page, empty or with a picture of ours under what is drawn.
type boardPage struct {
	ID      string `json:"id"`
	At      int    `json:"at"`
	Picture string `json:"picture,omitempty"`
}

// boardMark names a page and a place in the order of changes.
type boardMark struct {
	Page string `json:"page"`
	At   int    `json:"at"`
}

// boardNews is the data of a signal "board". The browsers hold the board; a side that
// comes says hello and is told the whole of it by the other, in several signals.
type boardNews struct {
	Hello bool `json:"hello,omitempty"`
	// Open shows the board.
	Open bool `json:"open,omitempty"`
	// Whole says that it tells again what is there, the other side's included.
	Whole bool `json:"whole,omitempty"`
	// At is how far the sender counts.
	At int `json:"at,omitempty"`
	// Put adds elements, Draft is one that is being drawn, Gone takes some away.
	Put   []boardElement `json:"put,omitempty"`
	Draft *boardElement  `json:"draft,omitempty"`
	Gone  []string       `json:"gone,omitempty"`
	Pages []boardPage    `json:"pages,omitempty"`
	// Clear empties pages of all that was drawn until then, Turn shows a page.
	Clear []boardMark `json:"clear,omitempty"`
	Turn  *boardMark  `json:"turn,omitempty"`
	// On is the page that the sender shows.
	On string `json:"on,omitempty"`
}

func badBoard(say string, args ...any) error { return errs.Field("data", "bad_board", say, args...) }

// boardNewsOf reads and checks what a side tells of the board, and writes it again, so
// that the other side reads exactly what was checked. Visitors neither clear nor turn
// pages and take away only what is theirs. picture reports whether an address is that
// of a file of the company.
func boardNewsOf(side actor.Kind, data string, picture func(string) bool) (string, error) {
	var n boardNews
	d := json.NewDecoder(strings.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&n); err != nil || d.More() {
		return "", badBoard("The data of the whiteboard cannot be read.")
	}
	if err := n.bounds(picture); err != nil {
		return "", err
	}
	if err := n.rights(side); err != nil {
		return "", err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false) // texts stay as long as they came
	if err := e.Encode(n); err != nil {
		return "", err
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// bounds refuses what is too much or nothing that can be drawn.
func (n *boardNews) bounds(picture func(string) bool) error {
	switch {
	case len(n.Put) > MaxBoardElements || len(n.Gone) > MaxBoardGone || len(n.Pages) > MaxBoardPages || len(n.Clear) > MaxBoardPages:
		return badBoard("A signal brings at most %d elements and %d pages, and takes %d elements away.", MaxBoardElements, MaxBoardPages, MaxBoardGone)
	case n.At < 0 || n.At > MaxBoardAt || n.On != "" && !boardName.MatchString(n.On):
		return badBoard("The data of the whiteboard is out of bounds.")
	}
	all := n.Put
	if n.Draft != nil {
		all = append(slices.Clip(all), *n.Draft)
	}
	for _, e := range all {
		if err := e.check(); err != nil {
			return err
		}
	}
	for _, name := range n.Gone {
		if !boardName.MatchString(name) {
			return badBoard("There is no element with such a name.")
		}
	}
	for _, p := range n.Pages {
		if !boardName.MatchString(p.ID) || p.At < 0 || p.At > MaxBoardAt || p.Picture != "" && !picture(p.Picture) {
			return badBoard("A page has a name, and a picture that was uploaded here.")
		}
	}
	marks := n.Clear
	if n.Turn != nil {
		marks = append(slices.Clip(marks), *n.Turn)
	}
	for _, m := range marks {
		if !boardName.MatchString(m.Page) || m.At < 0 || m.At > MaxBoardAt {
			return badBoard("There is no page with such a name.")
		}
	}
	return nil
}

// check refuses what is no element.
func (e boardElement) check() error {
	points, ok := boardTools[e.Tool]
	n := len(e.Points)
	switch {
	case !boardName.MatchString(e.ID) || !boardName.MatchString(e.Page) || e.At < 0 || e.At > MaxBoardAt:
		return badBoard("An element has a name and a page.")
	case !ok:
		return badBoard("There is no such tool; pen, line, rectangle, ellipse, arrow and text are.")
	case !boardColour.MatchString(e.Colour):
		return badBoard("Write the colour as #rrggbb in small letters.")
	case e.Width < 1 || e.Width > MaxBoardWidth:
		return badBoard("A line is 1 to %d wide.", MaxBoardWidth)
	case n%2 != 0 || n/2 < points[0] || n/2 > points[1]:
		return badBoard("The element has a wrong number of points; a line of the pen has at most %d.", MaxBoardPoints)
	case slices.Min(e.Points) < 0 || slices.Max(e.Points) > BoardSide:
		return badBoard("Points lie between 0 and %d.", BoardSide)
	case (e.Tool == "text") != (e.Text != ""):
		return badBoard("A text, and nothing else, has words.")
	case utf8.RuneCountInString(e.Text) > MaxBoardText || strings.ContainsFunc(e.Text, unicode.IsControl):
		return badBoard("A text has one line of at most %d characters.", MaxBoardText)
	}
	return nil
}

var (
	errAgentsOnly = errs.New(errs.Forbidden, "agents_only", "Only the agent does this.")
	errNotYours   = errs.New(errs.Forbidden, "not_yours", "It is the other side's.")
)

// rights refuses what a side may not do. In a whole board each side may bring what the
// other drew: that side has lost it.
func (n *boardNews) rights(side actor.Kind) error {
	own := func(name string) bool { return (name[0] == 'a') == (side == actor.Agent) }
	if side != actor.Agent {
		if len(n.Clear) > 0 || n.Turn != nil {
			return errAgentsOnly
		}
		if !all(n.Gone, own) {
			return errNotYours
		}
	}
	if n.Draft != nil && !own(n.Draft.ID) {
		return errNotYours
	}
	if n.Whole {
		return nil
	}
	if !all(n.Put, func(e boardElement) bool { return own(e.ID) }) || !all(n.Pages, func(p boardPage) bool { return own(p.ID) }) {
		return errNotYours
	}
	return nil
}

func all[T any](list []T, is func(T) bool) bool {
	return !slices.ContainsFunc(list, func(x T) bool { return !is(x) })
}

// Board opens the whiteboard of a call for both sides; the conversation tells of it
// once. Errors: Conflict "call_over", "call_not_answered".
func (s *Service) Board(ctx context.Context, who actor.Actor, c id.Call) (err error) {
	defer errs.Wrap(&err, "call.Board")
	got, err := s.party(ctx, who, c)
	switch {
	case err != nil:
		return err
	case got.State.Over():
		return errs.New(errs.Conflict, "call_over", "The call is over.")
	case got.State != Connected:
		return errs.New(errs.Conflict, "call_not_answered", "The call has not been answered.")
	}
	line := conversation.Line{Name: conversation.LineBoard, Agent: got.Agent, AgentName: got.AgentName, By: got.VisitorName, Call: got.ID, CallNumber: got.Number}
	if who.Kind == actor.Agent {
		line.By, line.ByAgent = got.AgentName, got.Agent
	}
	if _, err = s.Conversations.Note(ctx, got.Tenant, got.Conversation, line, "call-board-"+string(got.ID)); err != nil {
		return err
	}
	s.Say(got, across(who.Kind), Signal{Call: got.ID, From: who.Kind, Type: "board", Data: `{"open":true}`})
	return nil
}
