package sms

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what the provider signs with
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"parlor/internal/errs"
	"parlor/internal/setting"
)

// Incoming is a text message that a provider brings.
type Incoming struct {
	From, To, Text string
	// ID is the provider's own, by which a repeated delivery is known; "" if it has none.
	ID    string
	Media []Media
	// Place is what the provider says of where the sender is, by the key of a field.
	Place map[string]string
	// Latitude and Longitude are set if a position was sent.
	Latitude, Longitude string
}

// Media is a file that comes with a text message, to be fetched.
type Media struct{ URL, Type string }

// Outgoing is a text message to be sent.
type Outgoing struct {
	Service string   `json:"service"`
	From    string   `json:"from"`
	To      string   `json:"to"`
	Text    string   `json:"text"`
	Media   []string `json:"media,omitempty"`
}

// Reply is what a provider is answered.
type Reply struct {
	Type, Body string
}

// Request is a call of a provider.
type Request struct {
	Header http.Header
	// URL is the address as the provider called it.
	URL string
	// Body are the parameters of the form, or the keys of the object.
	Body map[string]any
	// Team is that of the call, "" for the company's.
	Team string
}

// text is a parameter, "" if it is no text.
func (q Request) text(key string) string {
	switch v := q.Body[key].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// provider is one service that carries text messages.
type provider interface {
	// genuine reports whether a call comes from the provider.
	genuine(c setting.Company, q Request) bool
	// read takes a message out of a call.
	read(q Request) (Incoming, error)
	// request is the call that sends a message. An error is final.
	request(ctx context.Context, c setting.Company, m Outgoing) (*http.Request, error)
	// takes reports whether it sends a file of a type along.
	takes(c setting.Company, kind string, size int64) bool
	// reply is the answer to a call that was taken.
	reply() Reply
	// owns reports whether files at an address are fetched with the account's
	// password, and adds it.
	owns(c setting.Company, q *http.Request)
}

// providers are all of them by name.
var providers = map[string]provider{"twilio": twilio{}, "voxtelesys": voxtelesys{}, "mobex": mobex{}}

// Limits.
const (
	maxText   = 1600
	maxMedia  = 10
	maxNumber = 40
	maxFile   = 5 << 20
)

// xml is the answer of providers that take instructions.
var xml = Reply{"text/xml", "<Response></Response>"}

// message takes what all providers send under their own names.
func message(q Request, from, to, text string) (in Incoming, err error) {
	for key, dest := range map[string]*string{from: &in.From, to: &in.To, text: &in.Text} {
		v, ok := q.Body[key].(string)
		if !ok || !utf8.ValidString(v) {
			return in, errs.Field(key, "bad_message", "%s is missing.", key)
		}
		*dest = v
	}
	in.From, in.To = strings.TrimSpace(in.From), strings.TrimSpace(in.To)
	if !isNumber(in.From) || !isNumber(in.To) {
		return in, errs.Field(from, "bad_message", "Numbers have 1 to %d characters.", maxNumber)
	}
	return in, nil
}

// isNumber tells a number, or the name of a sender, from what is none.
func isNumber(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= maxNumber && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '<' || r == '>' })
}

// numbered reads MediaUrl0, MediaContentType0 and so on.
func numbered(q Request) (list []Media) {
	n, err := strconv.Atoi(q.text("NumMedia"))
	if err != nil {
		return nil
	}
	for i := range min(max(n, 0), maxMedia) {
		m := Media{q.text("MediaUrl" + strconv.Itoa(i)), q.text("MediaContentType" + strconv.Itoa(i))}
		if m.URL != "" {
			list = append(list, m)
		}
	}
	return list
}

// listed reports whether a media type stands in a list such as "image/*,application/pdf".
func listed(list, kind string) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(p string) bool {
		p = strings.TrimSpace(p)
		family, all := strings.CutSuffix(p, "*")
		return p != "" && (p == kind || all && strings.HasPrefix(kind, family))
	})
}

type twilio struct{}

// genuine checks X-Twilio-Signature: the SHA-1 HMAC, by the account's token, of the
// address followed by names and values of all parameters in the order of names.
func (twilio) genuine(c setting.Company, q Request) bool {
	key := c.Word("SMS_Twilio_authToken")
	got, err := base64.StdEncoding.DecodeString(q.Header.Get("X-Twilio-Signature"))
	if key == "" || err != nil {
		return false
	}
	m := hmac.New(sha1.New, []byte(key))
	m.Write([]byte(q.URL)) // hashes do not fail
	for _, k := range slices.Sorted(maps.Keys(q.Body)) {
		m.Write([]byte(k + q.text(k)))
	}
	return hmac.Equal(got, m.Sum(nil))
}

func (twilio) read(q Request) (Incoming, error) {
	in, err := message(q, "From", "To", "Body")
	in.ID, in.Media = q.text("MessageSid"), numbered(q)
	in.Place = map[string]string{"country": q.text("FromCountry"), "state": q.text("FromState"), "city": q.text("FromCity"), "zip": q.text("FromZip")}
	in.Latitude, in.Longitude = q.text("Latitude"), q.text("Longitude")
	return in, err
}

func (twilio) request(ctx context.Context, c setting.Company, m Outgoing) (*http.Request, error) {
	account, token := c.Word("SMS_Twilio_Account_SID"), c.Word("SMS_Twilio_authToken")
	if account == "" || token == "" {
		return nil, fmt.Errorf("the account of Twilio is not set")
	}
	form := url.Values{"From": {m.From}, "To": {m.To}, "Body": {m.Text}}
	if len(m.Media) > 0 {
		form["MediaUrl"] = m.Media
	}
	address := strings.TrimSuffix(c.Word("SMS_Twilio_URL"), "/") + "/2010-04-01/Accounts/" + url.PathEscape(account) + "/Messages.json"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.SetBasicAuth(account, token)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r, nil
}

func (twilio) takes(c setting.Company, kind string, size int64) bool {
	return c.On("SMS_Twilio_FileUpload_Enabled") && size <= maxFile && listed(c.Word("SMS_Twilio_FileUpload_MediaTypeWhiteList"), kind)
}

func (twilio) reply() Reply { return xml }

func (twilio) owns(c setting.Company, q *http.Request) {
	if u, err := url.Parse(c.Word("SMS_Twilio_URL")); err == nil && u.Host == q.URL.Host && u.Scheme == q.URL.Scheme {
		q.SetBasicAuth(c.Word("SMS_Twilio_Account_SID"), c.Word("SMS_Twilio_authToken"))
	}
}

type voxtelesys struct{}

func (voxtelesys) genuine(setting.Company, Request) bool { return true }

func (voxtelesys) read(q Request) (Incoming, error) {
	in, err := message(q, "from", "to", "body")
	in.ID = q.text("id")
	list, _ := q.Body["media"].([]any)
	for _, v := range list[:min(len(list), maxMedia)] {
		address, _ := v.(string)
		if u, err := url.Parse(address); err == nil && address != "" {
			in.Media = append(in.Media, Media{address, mime.TypeByExtension(path.Ext(u.Path))})
		}
	}
	return in, err
}

func (voxtelesys) request(ctx context.Context, c setting.Company, m Outgoing) (*http.Request, error) {
	token := c.Word("SMS_Voxtelesys_authToken")
	if token == "" {
		return nil, fmt.Errorf("the token of Voxtelesys is not set")
	}
	v := map[string]any{"to": []string{m.To}, "from": m.From, "body": m.Text}
	if len(m.Media) > 0 {
		v["media"] = m.Media
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Word("SMS_Voxtelesys_URL"), bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	return r, nil
}

func (voxtelesys) takes(c setting.Company, kind string, size int64) bool {
	return c.On("SMS_Voxtelesys_FileUpload_Enabled") && size <= maxFile && listed(c.Word("SMS_Voxtelesys_FileUpload_MediaTypeWhiteList"), kind)
}

func (voxtelesys) reply() Reply { return xml }

func (voxtelesys) owns(setting.Company, *http.Request) {}

// mobex speaks the HTTP interface of the Jasmin gateway.
type mobex struct{}

func (mobex) genuine(setting.Company, Request) bool { return true }

func (mobex) read(q Request) (Incoming, error) {
	in, err := message(q, "from", "to", "content")
	in.ID, in.Media = q.text("id"), numbered(q)
	return in, err
}

func (mobex) request(ctx context.Context, c setting.Company, m Outgoing) (*http.Request, error) {
	address := strings.TrimSuffix(c.Word("SMS_Mobex_gateway_address"), "/")
	if address == "" || c.Word("SMS_Mobex_username") == "" {
		return nil, fmt.Errorf("the gateway of Mobex is not set")
	}
	to := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, m.To)
	from := m.From
	if from == "" {
		from = c.Word("SMS_Mobex_from_number")
	}
	query := url.Values{"username": {c.Word("SMS_Mobex_username")}, "password": {c.Word("SMS_Mobex_password")}, "to": {to}, "from": {from}, "content": {m.Text}}
	return http.NewRequestWithContext(ctx, http.MethodGet, address+"/send?"+query.Encode(), nil)
}

func (mobex) takes(setting.Company, string, int64) bool { return false }

// reply is the word by which the gateway knows that it need not try again.
func (mobex) reply() Reply { return Reply{"text/xml", "ACK/Jasmin"} }

func (mobex) owns(setting.Company, *http.Request) {}
