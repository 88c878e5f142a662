// Package guest is the part of the Rocket.Chat front that visitors use: the calls
// with a visitor's token, the widget, files, the realtime connection and the form
// of webhooks.
package guest

import (
	"net/http"

	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/realtime"
	"parlor/internal/wsconn"
)

// Options are what this part needs beyond the kit.
type Options struct {
	Hub *realtime.Hub
	// Widget is the folder with the build of the vendor's widget, "" for none.
	Widget string
}

// Front is this part of the front.
type Front struct {
	*contract.Kit
	Options
	sockets *sockets
	wire    wsconn.Options
}

// Mount adds the calls to the kit, and the realtime connection, files and the
// widget's page to mux.
func Mount(mux *http.ServeMux, kit *contract.Kit, o Options) *Front {
	f := &Front{Kit: kit, Options: o}
	f.visitors()
	f.rooms()
	f.messages()
	f.texts()
	f.widget()
	f.visits()
	f.uploads(mux)
	f.visitorMethods()
	f.wishes()
	f.greetings()
	f.leavings()
	f.realtime(mux)
	f.widgetPage(mux)
	return f
}
