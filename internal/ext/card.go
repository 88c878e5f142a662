package ext

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// The kinds of card.
const (
	Order    = "order"
	Track    = "track"
	Articles = "articles"
	Menu     = "menu"
	Form     = "form"
	Place    = "place"
	Sticker  = "sticker"
	Program  = "program"
)

// Bounds of cards.
const (
	maxText  = 500
	maxLink  = 2000
	maxItems = 20
)

// MessageCard is something that a message shows beside its text. Addresses are those of web
// pages or paths of this server; others are left out.
type MessageCard struct {
	Kind string `json:"kind" enum:"order,track,articles,menu,form,place,sticker,program"`
	// Title is what the sender says, Name what the thing is called.
	Title string `json:"title,omitempty"`
	Name  string `json:"name,omitempty"`
	// Number is that of an order.
	Number string `json:"number,omitempty"`
	Price  string `json:"price,omitempty"`
	Text   string `json:"text,omitempty"`
	// Picture and Link are addresses.
	Picture string `json:"picture,omitempty"`
	Link    string `json:"link,omitempty"`
	// Lat and Lng are a place, in degrees.
	Lat float64 `json:"lat,omitempty"`
	Lng float64 `json:"lng,omitempty"`
	// Items are the articles, or the choices of a menu.
	Items []CardItem `json:"items,omitempty"`
}

// CardItem is one of several.
type CardItem struct {
	ID      string `json:"id,omitempty"`
	Title   string `json:"title"`
	Text    string `json:"text,omitempty"`
	Picture string `json:"picture,omitempty"`
	Link    string `json:"link,omitempty"`
}

func cardOf(kinds object) *MessageCard {
	for _, kind := range []string{Order, Track} {
		if o := objectOf(kinds[kind]); len(o) > 0 {
			return &MessageCard{Kind: kind, Title: o.long("title", maxText), Name: o.long("order_title", maxText), Number: o.text("order_id"), Price: o.text("price"),
				Text: o.long("desc", maxText), Picture: link(o, "img_url"), Link: link(o, "item_url")}
		}
	}
	if items := itemsOf(kinds[Articles]); len(items) > 0 {
		return &MessageCard{Kind: Articles, Items: items}
	}
	if o := objectOf(kinds["choice"]); len(o) > 0 {
		if items := itemsOf(o["items"]); len(items) > 0 {
			return &MessageCard{Kind: Menu, Title: o.long("title", maxText), Items: items}
		}
	}
	if o := objectOf(kinds["html"]); len(o) > 0 {
		return &MessageCard{Kind: Form, Title: o.long("topic", maxText), Text: o.long("desc", maxText), Link: link(o, "url")}
	}
	if o := objectOf(kinds["loc"]); len(o) > 0 {
		return &MessageCard{Kind: Place, Name: o.long("addr", maxText), Lat: degrees(o["lat"], 90), Lng: degrees(o["lng"], 180)}
	}
	if o := objectOf(kinds["customMagicEmoji"]); len(o) > 0 {
		return &MessageCard{Kind: Sticker, Picture: link(o, "url")}
	}
	if o := objectOf(kinds["miniprogrampage"]); len(o) > 0 {
		return &MessageCard{Kind: Program, Title: o.long("title", maxText), Text: o.long("pagePath", maxText), Picture: link(o, "thumbUrl")}
	}
	return nil
}

// degrees is a coordinate, 0 for what is none.
func degrees(raw json.RawMessage, most float64) float64 {
	var v float64
	if json.Unmarshal(raw, &v) != nil || v < -most || v > most {
		return 0
	}
	return v
}

// itemsOf reads articles and choices, which have different names for the same.
func itemsOf(raw json.RawMessage) (list []CardItem) {
	var all []json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return nil
	}
	for _, one := range all {
		o := objectOf(one)
		i := CardItem{ID: o.text("id"), Title: first(o.long("title", maxText), o.long("name", maxText)), Text: o.long("description", maxText),
			Picture: link(o, "picurl"), Link: link(o, "url")}
		if i.Title != "" && len(list) < maxItems {
			list = append(list, i)
		}
	}
	return list
}

func link(o object, key string) string { return Link(o.long(key, maxLink+1)) }

// Link returns an address that may be opened: http, https, without a scheme, or a
// path of this server; "" for all else.
func Link(s string) string {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil || len(s) > maxLink || strings.ContainsAny(s, "\\ \"'<>`") {
		return ""
	}
	switch {
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "", u.Scheme == "" && u.Host != "":
		return s
	case u.Scheme == "" && u.User == nil && strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//"):
		return s
	}
	return ""
}

// Words are what the card says for those who see no cards, in lines.
func (c MessageCard) Words() string {
	var lines []string
	add := func(parts ...string) {
		var full []string
		for _, p := range parts {
			if p != "" {
				full = append(full, p)
			}
		}
		if len(full) > 0 {
			lines = append(lines, strings.Join(full, " · "))
		}
	}
	add(c.Title)
	add(c.Name, c.number(), c.Price)
	if c.Lat != 0 || c.Lng != 0 {
		add(strconv.FormatFloat(c.Lat, 'f', -1, 64) + ", " + strconv.FormatFloat(c.Lng, 'f', -1, 64))
	}
	add(c.Text)
	add(c.Link)
	for _, i := range c.Items {
		add(i.Title, i.Text)
		add(i.Link)
	}
	if len(lines) == 0 {
		add(c.Picture)
	}
	return strings.Join(lines, "\n")
}

// number is left out where the name has it already.
func (c MessageCard) number() string {
	if strings.Contains(c.Name, c.Number) {
		return ""
	}
	return c.Number
}
