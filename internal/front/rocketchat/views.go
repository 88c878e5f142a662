package rocketchat

import (
	"context"
	"strconv"
	"strings"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/media"
	"parlor/internal/visitor"
)

// Values that stand for "none" in the keys of the queue's order.
const (
	noPriority = 99
	noEstimate = 9999999
)

// visitorView is a visitor in full.
type visitorView struct {
	ID         id.Visitor        `json:"_id"`
	Username   string            `json:"username"`
	Token      string            `json:"token"`
	Status     string            `json:"status"`
	At         *stamp            `json:"ts,omitempty"`
	UpdatedAt  *stamp            `json:"_updatedAt,omitempty"`
	Name       string            `json:"name,omitempty"`
	Phone      []phoneView       `json:"phone,omitempty"`
	Emails     []emailView       `json:"visitorEmails,omitempty"`
	Department id.Team           `json:"department,omitempty"`
	Livechat   map[string]string `json:"livechatData,omitempty"`
	LastChat   object            `json:"lastChat,omitempty"`
	UserAgent  string            `json:"userAgent,omitempty"`
	IP         string            `json:"ip,omitempty"`
	Host       string            `json:"host,omitempty"`
}

type phoneView struct {
	Number string `json:"phoneNumber"`
}

type emailView struct {
	Address string `json:"address"`
}

// visitorOf is the contract's form of a visitor. A name that is only the
// username was never given.
func visitorOf(k visitor.Known) visitorView {
	v, i := k.Visitor, k.Identity
	out := visitorView{ID: v.ID, Username: i.Username, Token: i.Token, Status: i.Status, At: stampOf(v.FirstSeen), UpdatedAt: stampOf(i.UpdatedAt),
		Department: i.Team}
	if v.Name != i.Username {
		out.Name = v.Name
	}
	if v.Phone != "" {
		out.Phone = []phoneView{{v.Phone}}
	}
	if v.Email != "" {
		out.Emails = []emailView{{v.Email}}
	}
	if i.UserAgent != "" || i.Host != "" {
		out.UserAgent, out.Host, out.IP = i.UserAgent, i.Host, v.IP
	}
	return out
}

// roomVisitor is what a room says of its visitor.
type roomVisitor struct {
	ID       id.Visitor  `json:"_id"`
	Username string      `json:"username"`
	Token    string      `json:"token"`
	Status   string      `json:"status"`
	Name     string      `json:"name,omitempty"`
	Phone    []phoneView `json:"phone,omitempty"`
}

// served is the agent who serves a room.
type served struct {
	ID       id.Agent `json:"_id"`
	Username string   `json:"username"`
	At       *stamp   `json:"ts,omitempty"`
}

// roomView is a conversation as a room.
type roomView struct {
	ID           id.Conversation `json:"_id"`
	Type         string          `json:"t"`
	Msgs         int64           `json:"msgs"`
	Users        int             `json:"usersCount"`
	LastMessage  *stamp          `json:"lm,omitempty"`
	At           *stamp          `json:"ts"`
	Name         string          `json:"fname"`
	Open         bool            `json:"open,omitempty"`
	Closed       bool            `json:"cl"`
	Waiting      bool            `json:"waitingResponse,omitempty"`
	Visitor      roomVisitor     `json:"v"`
	Department   id.Team         `json:"departmentId,omitempty"`
	Source       object          `json:"source"`
	QueuedAt     *stamp          `json:"queuedAt,omitempty"`
	ServedBy     *served         `json:"servedBy,omitempty"`
	Tags         []string        `json:"tags,omitempty"`
	Weight       int             `json:"priorityWeight"`
	Estimate     int             `json:"estimatedWaitingTimeQueue"`
	ClosedAt     *stamp          `json:"closedAt,omitempty"`
	Closer       string          `json:"closer,omitempty"`
	ClosedBy     object          `json:"closedBy,omitempty"`
	UpdatedAt    *stamp          `json:"_updatedAt"`
	CRM          string          `json:"crmData,omitempty"`
	CustomFields object          `json:"livechatData,omitempty"`
	roomMore
	// Ancestors are the units of the department.
	Ancestors []string `json:"departmentAncestors,omitempty"`
}

// bareRoom is the contract's form of a conversation, without what is kept
// elsewhere.
func (f *Front) bareRoom(ctx context.Context, c conversation.Conversation, k visitor.Known) (roomView, error) {
	i := k.Identity
	r := roomView{ID: c.ID, Type: "l", Msgs: c.LastSeq, Users: 1, LastMessage: stampOf(c.LastAt), At: stampOf(c.CreatedAt), Name: k.Visitor.Name,
		Open: c.Status != conversation.Closed, Waiting: c.LastFrom != actor.Agent,
		Visitor:    roomVisitor{ID: k.Visitor.ID, Username: i.Username, Token: i.Token, Status: i.Status},
		Department: c.Team, Source: object{"type": sourceOf(c.Channel)}, QueuedAt: stampOf(c.QueuedAt), Tags: c.Tags, Weight: noPriority, Estimate: noEstimate,
		UpdatedAt: stampOf(c.LastAt)}
	if k.Visitor.Name != i.Username {
		r.Visitor.Name = k.Visitor.Name
	}
	if k.Visitor.Phone != "" {
		r.Visitor.Phone = []phoneView{{k.Visitor.Phone}}
	}
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return r, err
	}
	if u, ok := book.UnitOf(c.Team); ok {
		r.Ancestors = []string{u.ID}
	}
	if c.Agent != "" {
		a, err := f.agent(ctx, c.Tenant, c.Agent)
		if err != nil {
			return r, err
		}
		r.Users++
		r.ServedBy = &served{ID: c.Agent, Username: a.Username}
		if c.AssignedAt != nil {
			r.ServedBy.At = stampOf(*c.AssignedAt)
		}
	}
	if c.ClosedAt == nil {
		return r, nil
	}
	r.close(c, k)
	return r, nil
}

// close fills what only a closed room says.
func (r *roomView) close(c conversation.Conversation, k visitor.Known) {
	i := k.Identity
	r.ClosedAt = stampOf(*c.ClosedAt)
	r.Waiting = false
	switch c.EndBy {
	case conversation.EndByVisitor:
		r.Closer, r.ClosedBy = "visitor", object{"_id": k.Visitor.ID, "username": i.Username}
	case conversation.EndByAgent:
		r.Closer = "user"
		if r.ServedBy != nil {
			r.ClosedBy = object{"_id": r.ServedBy.ID, "username": r.ServedBy.Username}
		}
	default:
		r.Closer, r.ClosedBy = "user", object{"_id": botID, "username": botID}
	}
}

// botID is the user whom system messages come from.
const botID = "rocket.cat"

// sourceOf is the type of a room's source.
func sourceOf(channel string) string {
	switch channel {
	case "web", "widget":
		return "widget"
	case "api", "email", "sms", "app":
		return channel
	}
	return "other"
}

// people are the agents of a tenant by id, as they were lately.
func (f *Front) people(ctx context.Context, t id.Tenant) (map[id.Agent]account.Agent, error) {
	return f.agents.Get(ctx, t, func(ctx context.Context) (map[id.Agent]account.Agent, error) {
		list, err := f.Accounts.Authors(ctx, t)
		m := make(map[id.Agent]account.Agent, len(list))
		for _, a := range list {
			m[a.ID] = a
		}
		return m, err
	})
}

// agent returns an agent of the tenant; one that is gone has its id as username.
func (f *Front) agent(ctx context.Context, t id.Tenant, a id.Agent) (account.Agent, error) {
	m, err := f.people(ctx, t)
	if x, ok := m[a]; ok {
		return x, nil
	}
	return account.Agent{ID: a, Username: string(a)}, err
}

// userView is an author.
type userView struct {
	ID       string `json:"_id"`
	Username string `json:"username"`
	Name     string `json:"name,omitempty"`
}

// messageView is a message.
type messageView struct {
	ID          string          `json:"_id"`
	Room        id.Conversation `json:"rid"`
	Text        string          `json:"msg"`
	Token       string          `json:"token,omitempty"`
	Alias       string          `json:"alias,omitempty"`
	At          *stamp          `json:"ts"`
	User        userView        `json:"u"`
	UpdatedAt   *stamp          `json:"_updatedAt"`
	Type        string          `json:"t,omitempty"`
	Groupable   *bool           `json:"groupable,omitempty"`
	URLs        []string        `json:"urls"`
	Mentions    []string        `json:"mentions"`
	Channels    []string        `json:"channels"`
	Blocks      []object        `json:"md,omitempty"`
	File        object          `json:"file,omitempty"`
	Files       []object        `json:"files,omitempty"`
	Attachments []object        `json:"attachments,omitempty"`
	Upload      object          `json:"fileUpload,omitempty"`
	EditedAt    *stamp          `json:"editedAt,omitempty"`
	EditedBy    *userView       `json:"editedBy,omitempty"`
	Transfer    object          `json:"transferData,omitempty"`
	Comment     string          `json:"comment,omitempty"`
}

// messageID is the id under which a message is known outside: the sender's own,
// or the room's with the number.
func messageID(m conversation.Message) string {
	if m.ClientID != "" {
		return m.ClientID
	}
	return string(m.Conversation) + "-" + strconv.FormatInt(m.Seq, 10)
}

// seqOf reads the number out of an id that messageID made, 0 if it is none.
func seqOf(rid id.Conversation, message string) int64 {
	n, ok := strings.CutPrefix(message, string(rid)+"-")
	if !ok {
		return 0
	}
	seq, err := strconv.ParseInt(n, 10, 64)
	if err != nil || seq < 1 {
		return 0
	}
	return seq
}

// systemTypes are the types of the lines that rooms show; others are not shown.
var systemTypes = map[string]string{
	conversation.LineAssigned:    "uj",
	conversation.LineTransferred: "livechat_transfer_history",
	conversation.LineQueued:      "livechat_transfer_history",
	conversation.LineClosed:      "livechat-close",
	conversation.LineJoined:      "uj",
	conversation.LineHeld:        "omnichannel_placed_chat_on_hold",
	conversation.LineResumed:     "omnichannel_on_hold_chat_resumed",
}

// authors finds the usernames that messages are shown with.
type authors struct {
	f      *Front
	visit  visitor.Known
	agents map[id.Agent]account.Agent
	// inside is set for agents, who see what was noted with a transfer.
	inside bool
}

// authors reads what the messages of a room need.
func (f *Front) authors(ctx context.Context, k visitor.Known) (*authors, error) {
	people, err := f.people(ctx, k.Visitor.Tenant)
	return &authors{f: f, visit: k, agents: people}, err
}

// message is the contract's form of a message; shown is false for a line that
// this contract does not know.
func (a *authors) message(m conversation.Message) (v messageView, shown bool) {
	v = messageView{ID: messageID(m), Room: m.Conversation, Text: m.Text, At: stampOf(m.At), UpdatedAt: stampOf(m.At), URLs: []string{}, Mentions: []string{},
		Channels: []string{}}
	v.User = a.user(m.From)
	if m.From.Kind == actor.Visitor {
		v.Token, v.Alias = a.visit.Identity.Token, a.visit.Visitor.Name
	}
	if m.Line != nil {
		return a.line(v, m)
	}
	if m.Text != "" {
		v.Blocks = []object{{"type": "PARAGRAPH", "value": []object{{"type": "PLAIN_TEXT", "value": m.Text}}}}
	}
	if m.Edited != nil {
		v.EditedAt, v.UpdatedAt = stampOf(m.Edited.At), stampOf(m.Edited.At)
		by := a.user(m.Edited.By)
		v.EditedBy = &by
	}
	a.f.attach(&v, m)
	return v, m.Kind.VisibleToVisitor() && m.Recalled == nil
}

// user is the contract's form of an author.
func (a *authors) user(by conversation.Author) userView {
	switch by.Kind {
	case actor.Visitor:
		return userView{string(a.visit.Visitor.ID), a.visit.Identity.Username, a.visit.Visitor.Name}
	case actor.Agent:
		if x := a.agents[id.Agent(by.ID)]; x.Username != "" {
			return userView{by.ID, x.Username, x.Name}
		}
		return userView{by.ID, by.ID, by.Name}
	}
	return userView{botID, botID, "Rocket.Cat"}
}

// line is the contract's form of a line about the conversation.
func (a *authors) line(v messageView, m conversation.Message) (messageView, bool) {
	v.Type = systemTypes[m.Line.Name]
	no := false
	v.Groupable = &no
	if x, ok := a.agents[m.Line.Agent]; ok && v.Type == "uj" {
		v.User, v.Text = userView{string(x.ID), x.Username, x.Name}, x.Username
	}
	if v.Text == "" {
		v.Text = m.Line.Text
	}
	a.moved(&v, m)
	return v, v.Type != ""
}

// attach adds the file of a message.
func (f *Front) attach(v *messageView, m conversation.Message) {
	if m.File == nil {
		return
	}
	file := m.File
	address := f.Media.Address(m.Tenant, file.ID, media.Original)
	v.File = object{"_id": file.ID, "name": file.Name, "type": file.Type}
	v.Files = []object{v.File}
	at := object{"title": file.Name, "type": "file", "title_link": address, "title_link_download": true}
	kind, _, _ := strings.Cut(file.Type, "/")
	switch kind {
	case "image", "audio", "video":
		at[kind+"_url"], at[kind+"_type"], at[kind+"_size"] = address, file.Type, file.Size
		if kind == "image" && file.Width > 0 {
			at["image_dimensions"] = object{"width": file.Width, "height": file.Height}
		}
	default:
		at["size"] = file.Size
	}
	v.Attachments = []object{at}
	v.Upload = object{"publicFilePath": f.PublicURL + address, "type": file.Type, "size": file.Size}
}
