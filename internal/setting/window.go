package setting

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Windows are pages of business systems that consoles show beside a conversation.
type Windows struct {
	// Pages are in the order of their tabs; the first one is shown by default.
	Pages []Window `json:"pages,omitempty"`
	// Flags say which window the button below a flagged message opens.
	Flags []WindowFlag `json:"flags,omitempty"`
	// CardFirst shows the visitor's card by default instead of the first window.
	CardFirst bool `json:"cardFirst,omitempty"`
}

// Window is a page of a business system.
type Window struct {
	// ID is unique in the company: 1 to 64 letters, digits, _ and -.
	ID   string `json:"id"`
	Name string `json:"name"`
	// Address is where the page is: https, http on this computer, or a path of this
	// server. What the page is told is added to its query.
	Address string `json:"address"`
	// Origin is the web origin that the page speaks from; "" is that of the address.
	Origin string `json:"origin,omitempty"`
	// Without names the parameters of WindowParams that are left out.
	Without []string `json:"without,omitempty"`
	// NoCustom leaves out what the visitor's side set for the conversation.
	NoCustom bool `json:"noCustom,omitempty"`
	// Fixed are parameters that are the same for everybody.
	Fixed map[string]string `json:"fixed,omitempty"`
	// Sign is "" for not at all, "hmac" for a signature over the query, or "des" for
	// values that are encrypted the old way.
	Sign string `json:"sign,omitempty" enum:",hmac,des"`
	// Key signs: at least 16 characters for "hmac", 8 bytes for "des", of which "" is
	// LegacyKey. It is never shown again.
	Key string `json:"key,omitempty"`
	// EncryptAll encrypts the parameters of the system too, with "des".
	EncryptAll bool `json:"encryptAll,omitempty"`
	// Sync tells the page what the visitor writes.
	Sync bool `json:"sync,omitempty"`
	// Off keeps the window without showing it.
	Off bool `json:"off,omitempty"`
}

// WindowFlag maps the flag of messages to a window.
type WindowFlag struct {
	Flag   string `json:"flag"`
	Window string `json:"window"`
	// Label is what the button says; "" is the console's own word.
	Label Text `json:"label,omitempty"`
	Off   bool `json:"off,omitempty"`
}

// The ways in which a window is signed.
const (
	SignHMAC = "hmac"
	SignDES  = "des"
)

// LegacyKey is the key of SignDES if none is set.
const LegacyKey = "11111111"

// WindowAlways are the parameters that every window gets, WindowParams those that can
// be left out, in the order in which they are sent.
var (
	WindowAlways = []string{"easemobId", "visitorImId", "to", "lang"}
	WindowParams = []string{"ssid", "agentId", "email", "agentName", "userId", "tenantId", "nickname", "originType", "techChannelName", "serviceNumber", "desc", "trueName"}
)

// Bounds of windows.
const (
	maxWindows     = 20
	maxWindowFlags = 200
	maxWindowFlag  = 64
	maxFixed       = 20
	minKey         = 16
	maxKey         = 200
	desKey         = 8
)

var paramName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Open returns the windows that are shown, in order.
func (w Windows) Open() (list []Window) {
	for _, p := range w.Pages {
		if !p.Off {
			list = append(list, p)
		}
	}
	return list
}

// ByID finds a window that is shown.
func (w Windows) ByID(id string) (Window, bool) {
	i := slices.IndexFunc(w.Pages, func(p Window) bool { return p.ID == id && !p.Off })
	if i < 0 {
		return Window{}, false
	}
	return w.Pages[i], true
}

// Of returns the mapping of a flag whose window is shown.
func (w Windows) Of(flag string) (WindowFlag, bool) {
	for _, f := range w.Flags {
		if f.Flag == flag && !f.Off {
			_, ok := w.ByID(f.Window)
			return f, ok
		}
	}
	return WindowFlag{}, false
}

// Origins are the web origins whose pages consoles may show, sorted; this server's own
// is not among them.
func (w Windows) Origins() (list []string) {
	for _, p := range w.Open() {
		for _, o := range []string{p.Speaks(), originOf(p.Address)} {
			if o != "" && !slices.Contains(list, o) {
				list = append(list, o)
			}
		}
	}
	slices.Sort(list)
	return list
}

// Speaks is the origin that the page speaks from, "" for this server's own.
func (w Window) Speaks() string {
	if w.Origin != "" {
		return w.Origin
	}
	return originOf(w.Address)
}

// originOf is the origin of an address as browsers write it, "" for a path of this server.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	} else {
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}

// shown hides the keys.
func (w Windows) shown() Windows {
	w.Pages = slices.Clone(w.Pages)
	for i := range w.Pages {
		if w.Pages[i].Key != "" {
			w.Pages[i].Key = Hidden
		}
	}
	return w
}

// hides reports whether a key is to stay as it is.
func (w Windows) hides() bool {
	return slices.ContainsFunc(w.Pages, func(p Window) bool { return p.Key == Hidden })
}

// keeping takes the keys that are to stay from before.
func (w Windows) keeping(before Windows) Windows {
	w.Pages = slices.Clone(w.Pages)
	for i, p := range w.Pages {
		if p.Key != Hidden {
			continue
		}
		w.Pages[i].Key = ""
		for _, old := range before.Pages {
			if old.ID == p.ID && old.Sign == p.Sign {
				w.Pages[i].Key = old.Key
			}
		}
	}
	return w
}

// Check returns the first fault as errs.Invalid, or nil.
func (w Windows) Check() error {
	c := &check{}
	w.check(c)
	return c.err
}

func (w Windows) check(c *check) {
	c.number("windows.pages", len(w.Pages), 0, maxWindows)
	c.number("windows.flags", len(w.Flags), 0, maxWindowFlags)
	ids := map[string]bool{}
	for i, p := range w.Pages {
		field := "windows.pages." + strconv.Itoa(i)
		if !fileID.MatchString(p.ID) || ids[p.ID] {
			c.fail(field+".id", "bad_id", "%q is not 1 to 64 letters and digits, or is there twice.", clip(p.ID))
		}
		ids[p.ID] = true
		p.check(c, field)
	}
	flags := map[string]bool{}
	for i, f := range w.Flags {
		field := "windows.flags." + strconv.Itoa(i)
		if n := utf8.RuneCountInString(f.Flag); n < 1 || n > maxWindowFlag || strings.TrimSpace(f.Flag) != f.Flag || !utf8.ValidString(f.Flag) {
			c.fail(field+".flag", "bad_flag", "%q is not 1 to %d characters without blanks around them.", clip(f.Flag), maxWindowFlag)
		}
		if flags[f.Flag] {
			c.fail(field+".flag", "flag_twice", "%q has a window already.", clip(f.Flag))
		}
		flags[f.Flag] = true
		if !ids[f.Window] {
			c.fail(field+".window", "window_not_found", "There is no window %q.", clip(f.Window))
		}
		c.text(field+".label", f.Label)
	}
}

func (w Window) check(c *check, field string) {
	if n := utf8.RuneCountInString(w.Name); n < 1 || n > 60 || strings.TrimSpace(w.Name) != w.Name || !utf8.ValidString(w.Name) {
		c.fail(field+".name", "bad_name", "%q is not 1 to 60 characters without blanks around them.", clip(w.Name))
	}
	if !pageAddress(w.Address) {
		c.fail(field+".address", "bad_address", "%q is not an https address, an http address of this computer, or a path of this server.", clip(w.Address))
	}
	if strings.Contains(w.Address, "kefu_") {
		c.fail(field+".address", "bad_address", "Parameters that begin with kefu_ are the server's own.")
	}
	if w.Origin != "" && (!pageAddress(w.Origin) || originOf(w.Origin) != w.Origin) {
		c.fail(field+".origin", "bad_origin", "%q is not a web origin such as https://crm.example.com.", clip(w.Origin))
	}
	for _, name := range w.Without {
		c.oneOf(field+".without", name, WindowParams...)
	}
	c.number(field+".fixed", len(w.Fixed), 0, maxFixed)
	for name, v := range w.Fixed {
		if !paramName.MatchString(name) || strings.HasPrefix(name, "kefu_") || utf8.RuneCountInString(v) > 500 || !utf8.ValidString(v) {
			c.fail(field+".fixed."+clip(name), "bad_param", "A fixed parameter has a name of letters, digits, _ and - that does not begin with kefu_, and up to 500 characters.")
		}
	}
	c.oneOf(field+".sign", w.Sign, "", SignHMAC, SignDES)
	if w.Key == Hidden {
		return
	}
	switch {
	case w.Sign == SignHMAC && (len(w.Key) < minKey || len(w.Key) > maxKey):
		c.fail(field+".key", "bad_key", "The key has %d characters; %d to %d are needed.", len(w.Key), minKey, maxKey)
	case w.Sign == SignDES && w.Key != "" && len(w.Key) != desKey:
		c.fail(field+".key", "bad_key", "The key has %d bytes; DES needs %d.", len(w.Key), desKey)
	case w.Sign == "" && w.Key != "":
		c.fail(field+".key", "bad_key", "Nothing is signed; the key has no use.")
	}
}

// pageAddress reports whether a page may be there. What could end a directive of a
// content policy is refused.
func pageAddress(s string) bool {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxLink || !utf8.ValidString(s) || u.User != nil || strings.ContainsAny(s, " \t\r\n;,'\"\\<>`") {
		return false
	}
	if u.Host == "" {
		return u.Scheme == "" && strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//")
	}
	if strings.ContainsAny(u.Host, "*%$") || u.Hostname() == "" {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (host == "localhost" || host == "127.0.0.1" || host == "::1")
}
