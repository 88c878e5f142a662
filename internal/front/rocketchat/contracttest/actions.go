package contracttest

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/id"
	"parlor/internal/server/servertest"
)

// LogIn returns a client that acts for a user.
func (c *Client) LogIn(user string) *Client {
	c.T.Helper()
	a := c.Call("POST", "login", fmt.Sprintf(`{"user":%q,"password":%q}`, user, servertest.Password))
	a.Is("status", "success")
	return &Client{T: c.T, S: c.S, Auth: []string{"X-Auth-Token", fmt.Sprint(a.Get("data.authToken")), "X-User-Id", fmt.Sprint(a.Get("data.userId"))}}
}

// Department makes one and returns its id.
func (c *Client) Department(name, more string) string {
	c.T.Helper()
	a := c.Call("POST", "livechat/department", `{"department":{"name":"`+name+`","enabled":true,"email":"bla@bla","showOnRegistration":true,"showOnOfflineForm":true`+more+`}}`)
	a.Is("success", true)
	return fmt.Sprint(a.Get("department._id"))
}

// Bridged calls a method and returns the message in it.
func (c *Client) Bridged(name, args string) string {
	c.T.Helper()
	body := fmt.Sprintf(`{"message":%q}`, fmt.Sprintf(`{"msg":"method","id":"1","method":%q,"params":[%s]}`, name, args))
	a := c.Call("POST", "method.call/"+name, body)
	a.Is("success", true)
	return fmt.Sprint(a.Get("message"))
}

// Staffed starts a desk: an administrator, and an agent who takes chats.
func Staffed(t *testing.T, s *servertest.Instance) (c, root, ana *Client) {
	c = &Client{T: t, S: s}
	s.Agent("root@example.com", account.Admin)
	s.Agent("ana@example.com", account.Member)
	root, ana = c.LogIn("root"), c.LogIn("ana")
	ana.Call("POST", "users.setStatus", `{"status":"online"}`).Is("success", true)
	ana.Call("POST", "livechat/agent.status", `{"status":"available"}`).Is("success", true)
	return c, root, ana
}

// Room registers a visitor and opens its room.
func (c *Client) Room(token string) string {
	c.T.Helper()
	c.Call("POST", "livechat/visitor", fmt.Sprintf(`{"visitor":{"token":%q,"name":"Vera"}}`, token)).Is("success", true)
	a := c.Call("GET", "livechat/room?token="+token, "")
	a.Is("success", true)
	return fmt.Sprint(a.Get("room._id"))
}

// Say posts a message of a visitor.
func (c *Client) Say(token, rid, message, text string) Answer {
	c.T.Helper()
	return c.Call("POST", "livechat/message", fmt.Sprintf(`{"token":%q,"rid":%q,"msg":%q,"_id":%q}`, token, rid, text, message))
}

// Option sets an option.
func (c *Client) Option(id, value string) {
	c.T.Helper()
	c.Call("POST", "settings/"+id, `{"value":`+value+`}`).Want(200, `{"success":true}`)
}

// Upload sends a form with a file.
func (c *Client) Upload(path, name string, data []byte, header ...string) Answer {
	c.T.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for k, v := range map[string]string{"description": "a <i>square</i>", "msg": "look"} {
		if err := form.WriteField(k, v); err != nil {
			c.T.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(data)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		c.T.Fatal(err)
	}
	status, text, h := c.S.Call("POST", "/api/v1/"+path, b.String(), append([]string{"Content-Type", form.FormDataContentType()}, append(header, c.Auth...)...)...)
	return Answer{c.T, status, text, h}
}

// Square is a small picture.
func Square(t *testing.T) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 4, 3))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Method calls the method bridge and returns what is inside the message.
func (c *Client) Method(name, params string) Answer {
	c.T.Helper()
	message := fmt.Sprintf(`{"msg":"method","id":"1","method":%q,"params":%s}`, name, params)
	a := c.Call("POST", "method.call/"+strings.ReplaceAll(name, ":", "%3A"), fmt.Sprintf(`{"message":%q}`, message))
	a.Is("success", true)
	return Answer{c.T, a.Status, fmt.Sprint(a.Get("message")), a.Header}
}

// Enter logs in with a password.
func (c *Client) Enter(user, password string) *Client {
	c.T.Helper()
	a := c.Call("POST", "login", fmt.Sprintf(`{"user":%q,"password":%q}`, user, password))
	a.Is("status", "success")
	return &Client{T: c.T, S: c.S, Auth: []string{"X-Auth-Token", fmt.Sprint(a.Get("data.authToken")), "X-User-Id", fmt.Sprint(a.Get("data.userId"))}}
}

// ID is who is logged in.
func (c *Client) ID() string { return c.Auth[3] }

// There lets an agent take chats at once.
func (c *Client) There() *Client {
	c.T.Helper()
	c.Call("POST", "users.setStatus", `{"status":"online"}`).Is("success", true)
	c.Call("POST", "livechat/agent.status", `{"status":"available"}`).Is("status", "available")
	return c
}

// Chat registers a visitor and opens a room.
func (c *Client) Chat(token, department string) string {
	c.T.Helper()
	c.Call("POST", "livechat/visitor", fmt.Sprintf(`{"visitor":{"token":%q,"name":"Name of %s","department":%q}}`, token, token, department)).Is("success", true)
	a := c.Call("GET", "livechat/room?token="+token, "")
	a.Is("newRoom", true)
	return fmt.Sprint(a.Get("room._id"))
}

// Post posts a body.
func (c *Client) Post(path, format string, args ...any) Answer {
	c.T.Helper()
	return c.Call("POST", path, fmt.Sprintf(format, args...))
}

// Desk is a server with an administrator, a department and two agents of it.
type Desk struct {
	C, Root, Ana, Bob *Client
	Sac, Other        id.Team
	AnaID, BobID      id.Agent
}

// NewDesk fills a server.
func NewDesk(t *testing.T, s *servertest.Instance) *Desk {
	d := &Desk{C: &Client{T: t, S: s}}
	s.Agent("root@example.com", account.Admin)
	d.Sac, d.Other = s.Team("SAC"), s.Team("Other")
	d.AnaID = s.Agent("ana@example.com", account.Member, "SAC").ID
	d.BobID = s.Agent("bob@example.com", account.Member, "Other").ID
	d.Root, d.Ana, d.Bob = d.C.LogIn("root"), d.C.LogIn("ana"), d.C.LogIn("bob")
	return d
}

// OK is a bare success, whatever it is for.
func OK(string) string { return `{"success":true}` }

// Plain is an error that is its code.
func Plain(code string) string { return `{"error":"` + code + `","success":false}` }
