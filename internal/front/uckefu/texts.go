package uckefu

import (
	"context"
	"html"
	"strconv"
	"strings"

	"parlor/internal/setting"
)

// prompt returns one of the prompts (对话提示语) as the inbox and the team of the
// conversation have it now, in the visitor's language. It must be called with mu
// held. If the settings cannot be read the built-in text has to do.
func (c *visitorConn) prompt(name string) string {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	service := setting.Service{}
	book, err := c.f.Accounts.Book(ctx, c.who.Tenant)
	if err != nil {
		c.f.Log.Error("prompts not read", "tenant", c.who.Tenant, "error", err)
	} else {
		service = book.Service(c.inbox.ID, c.conv.Team)
	}
	return service.Prompt(name, c.who.Locale)
}

// withAgent puts an agent's name into a prompt, in the element that pages look for.
func withAgent(s, name string) string {
	return strings.ReplaceAll(s, "{agent}", "<span id='agentno'>"+html.EscapeString(name)+"</span>")
}

// withPlace puts a place in the queue into a prompt; place counts from 1.
func withPlace(s string, place int) string {
	n := func(v int) string { return "<span id='queneindex'>" + strconv.Itoa(v) + "</span>" }
	return strings.NewReplacer("{num}", n(max(place-1, 0)), "{index}", n(place)).Replace(s)
}
