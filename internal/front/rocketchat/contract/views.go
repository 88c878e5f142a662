package contract

import (
	"context"
	"maps"
	"strconv"
	"strings"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/media"
	"parlor/internal/setting"
	"parlor/internal/visitor"
)

// ForgetPeople makes changed accounts known at once.
func (f *Kit) ForgetPeople(t id.Tenant) { f.agents.Forget(func(k id.Tenant) bool { return k == t }) }

// Company returns the settings of the caller's company as they are now.
func (f *Kit) Company(ctx context.Context, c *Call) (setting.Company, error) {
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return setting.Company{}, err
	}
	return book.Tenant.Settings, nil
}

// AuthorsIn reads what the messages of a room are shown with to agents.
func (f *Kit) AuthorsIn(ctx context.Context, conv conversation.Conversation) (*Authors, error) {
	known, err := f.knownOf(ctx, conv.Tenant, []conversation.Conversation{conv})
	if err != nil {
		return nil, err
	}
	k, ok := known[conv.Visitor]
	if !ok {
		k = visitor.Known{Visitor: visitor.Visitor{ID: conv.Visitor, Tenant: conv.Tenant}}
	}
	a, err := f.Authors(ctx, k)
	if err == nil {
		a.inside = true
	}
	return a, err
}

// Values that stand for "none" in the keys of the queue's order.
const (
	NoPriority = 99
	NoEstimate = 9999999
)

// visitorView is a visitor in full.
type visitorView struct {
	ID         id.Visitor        `json:"_id"`
	Username   string            `json:"username"`
	Token      string            `json:"token"`
	Status     string            `json:"status"`
	At         *Stamp            `json:"ts,omitempty"`
	UpdatedAt  *Stamp            `json:"_updatedAt,omitempty"`
	Name       string            `json:"name,omitempty"`
	Phone      []PhoneView       `json:"phone,omitempty"`
	Emails     []EmailView       `json:"visitorEmails,omitempty"`
	Department id.Team           `json:"department,omitempty"`
	Livechat   map[string]string `json:"livechatData,omitempty"`
	LastChat   Object            `json:"lastChat,omitempty"`
	UserAgent  string            `json:"userAgent,omitempty"`
	IP         string            `json:"ip,omitempty"`
	Host       string            `json:"host,omitempty"`
}

// PhoneView is a telephone number of a visitor.
type PhoneView struct {
	Number string `json:"phoneNumber"`
}

// EmailView is an e-mail address of a visitor.
type EmailView struct {
	Address string `json:"address"`
}

// VisitorOf is the contract's form of a visitor. A name that is only the
// username was never given.
func VisitorOf(k visitor.Known) visitorView {
	v, i := k.Visitor, k.Identity
	out := visitorView{ID: v.ID, Username: i.Username, Token: i.Token, Status: i.Status, At: StampOf(v.FirstSeen), UpdatedAt: StampOf(i.UpdatedAt),
		Department: i.Team}
	if v.Name != i.Username {
		out.Name = v.Name
	}
	if v.Phone != "" {
		out.Phone = []PhoneView{{v.Phone}}
	}
	if v.Email != "" {
		out.Emails = []EmailView{{v.Email}}
	}
	if i.UserAgent != "" || i.Host != "" {
		out.UserAgent, out.Host, out.IP = i.UserAgent, i.Host, v.IP
	}
	return out
}

// RoomVisitor is what a room says of its visitor.
type RoomVisitor struct {
	ID       id.Visitor  `json:"_id"`
	Username string      `json:"username"`
	Token    string      `json:"token"`
	Status   string      `json:"status"`
	Name     string      `json:"name,omitempty"`
	Phone    []PhoneView `json:"phone,omitempty"`
	Contact  id.Contact  `json:"contactId,omitempty"`
	// Activity are the months in which the visitor was answered.
	Activity []string `json:"activity,omitempty"`
}

// served is the agent who serves a room.
type served struct {
	ID       id.Agent `json:"_id"`
	Username string   `json:"username"`
	At       *Stamp   `json:"ts,omitempty"`
}

// RoomView is a conversation as a room.
type RoomView struct {
	ID           id.Conversation `json:"_id"`
	Type         string          `json:"t"`
	Msgs         int64           `json:"msgs"`
	Users        int             `json:"usersCount"`
	LastMessage  *Stamp          `json:"lm,omitempty"`
	At           *Stamp          `json:"ts"`
	Name         string          `json:"fname"`
	Open         bool            `json:"open,omitempty"`
	Closed       bool            `json:"cl"`
	Waiting      bool            `json:"waitingResponse,omitempty"`
	Visitor      RoomVisitor     `json:"v"`
	Department   id.Team         `json:"departmentId,omitempty"`
	Source       Object          `json:"source"`
	QueuedAt     *Stamp          `json:"queuedAt,omitempty"`
	ServedBy     *served         `json:"servedBy,omitempty"`
	Tags         []string        `json:"tags,omitempty"`
	Weight       int             `json:"priorityWeight"`
	Estimate     int             `json:"estimatedWaitingTimeQueue"`
	ClosedAt     *Stamp          `json:"closedAt,omitempty"`
	Closer       string          `json:"closer,omitempty"`
	ClosedBy     Object          `json:"closedBy,omitempty"`
	UpdatedAt    *Stamp          `json:"_updatedAt"`
	CRM          string          `json:"crmData,omitempty"`
	CustomFields Object          `json:"livechatData,omitempty"`
	roomMore
	// Ancestors are the units of the department.
	Ancestors []string `json:"departmentAncestors,omitempty"`
	// Contact is the person that the visitor is.
	Contact id.Contact `json:"contactId,omitempty"`
}

// bareRoom is the contract's form of a conversation, without what is kept
// elsewhere.
func (f *Kit) bareRoom(ctx context.Context, c conversation.Conversation, k visitor.Known) (RoomView, error) {
	i := k.Identity
	r := RoomView{ID: c.ID, Type: "l", Msgs: c.LastSeq, Users: 1, LastMessage: StampOf(c.LastAt), At: StampOf(c.CreatedAt), Name: k.Visitor.Name,
		Open: c.Status != conversation.Closed, Waiting: c.LastFrom != actor.Agent,
		Visitor:    RoomVisitor{ID: k.Visitor.ID, Username: i.Username, Token: i.Token, Status: i.Status},
		Department: c.Team, Source: Object{"type": SourceOf(c.Channel)}, QueuedAt: StampOf(c.QueuedAt), Tags: c.Tags, Weight: NoPriority, Estimate: NoEstimate,
		UpdatedAt: StampOf(c.LastAt)}
	if k.Visitor.Name != i.Username {
		r.Visitor.Name = k.Visitor.Name
	}
	if k.Visitor.Phone != "" {
		r.Visitor.Phone = []PhoneView{{k.Visitor.Phone}}
	}
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return r, err
	}
	if u, ok := book.UnitOf(c.Team); ok {
		r.Ancestors = []string{u.ID}
	}
	if c.Agent != "" {
		a, err := f.Agent(ctx, c.Tenant, c.Agent)
		if err != nil {
			return r, err
		}
		r.Users++
		r.ServedBy = &served{ID: c.Agent, Username: a.Username}
		if c.AssignedAt != nil {
			r.ServedBy.At = StampOf(*c.AssignedAt)
		}
	}
	if c.ClosedAt == nil {
		return r, nil
	}
	r.close(c, k)
	return r, nil
}

// close fills what only a closed room says.
func (r *RoomView) close(c conversation.Conversation, k visitor.Known) {
	i := k.Identity
	r.ClosedAt = StampOf(*c.ClosedAt)
	r.Waiting = false
	switch c.EndBy {
	case conversation.EndByVisitor:
		r.Closer, r.ClosedBy = "visitor", Object{"_id": k.Visitor.ID, "username": i.Username}
	case conversation.EndByAgent:
		r.Closer = "user"
		if r.ServedBy != nil {
			r.ClosedBy = Object{"_id": r.ServedBy.ID, "username": r.ServedBy.Username}
		}
	default:
		r.Closer, r.ClosedBy = "user", Object{"_id": BotID, "username": BotID}
	}
}

// BotID is the user whom system messages come from.
const BotID = "rocket.cat"

// ChannelsOf are the channels of conversations whose source is of a type.
func ChannelsOf(source string) []string {
	if source == "widget" {
		return []string{"web", "widget"}
	}
	return []string{source}
}

// SourceOf is the type of a room's source.
func SourceOf(channel string) string {
	switch channel {
	case "web", "widget":
		return "widget"
	case "api", "email", "sms", "app":
		return channel
	}
	return "other"
}

// People are the agents of a tenant by id, as they were lately.
func (f *Kit) People(ctx context.Context, t id.Tenant) (map[id.Agent]account.Agent, error) {
	return f.agents.Get(ctx, t, func(ctx context.Context) (map[id.Agent]account.Agent, error) {
		list, err := f.Accounts.Authors(ctx, t)
		m := make(map[id.Agent]account.Agent, len(list))
		for _, a := range list {
			m[a.ID] = a
		}
		return m, err
	})
}

// Agent returns an agent of the tenant; one that is gone has its id as username.
func (f *Kit) Agent(ctx context.Context, t id.Tenant, a id.Agent) (account.Agent, error) {
	m, err := f.People(ctx, t)
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

// MessageView is a message.
type MessageView struct {
	ID          string          `json:"_id"`
	Room        id.Conversation `json:"rid"`
	Text        string          `json:"msg"`
	Token       string          `json:"token,omitempty"`
	Alias       string          `json:"alias,omitempty"`
	At          *Stamp          `json:"ts"`
	User        userView        `json:"u"`
	UpdatedAt   *Stamp          `json:"_updatedAt"`
	Type        string          `json:"t,omitempty"`
	Groupable   *bool           `json:"groupable,omitempty"`
	URLs        []string        `json:"urls"`
	Mentions    []string        `json:"mentions"`
	Channels    []string        `json:"channels"`
	Blocks      []Object        `json:"md,omitempty"`
	File        Object          `json:"file,omitempty"`
	Files       []Object        `json:"files,omitempty"`
	Attachments []Object        `json:"attachments,omitempty"`
	Upload      Object          `json:"fileUpload,omitempty"`
	Uploads     []Object        `json:"filesUpload,omitempty"`
	EditedAt    *Stamp          `json:"editedAt,omitempty"`
	EditedBy    *userView       `json:"editedBy,omitempty"`
	Transfer    Object          `json:"transferData,omitempty"`
	Comment     string          `json:"comment,omitempty"`
	Navigation  Object          `json:"navigation,omitempty"`
}

// MessageID is the id under which a message is known outside: the sender's own,
// or the room's with the number.
func MessageID(m conversation.Message) string {
	if m.ClientID != "" {
		return m.ClientID
	}
	return string(m.Conversation) + "-" + strconv.FormatInt(m.Seq, 10)
}

// SeqOf reads the number out of an id that messageID made, 0 if it is none.
func SeqOf(rid id.Conversation, message string) int64 {
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

// SystemTypes are the types of the lines that rooms show; others are not shown.
var SystemTypes = map[string]string{
	conversation.LineAssigned:    "uj",
	conversation.LineTransferred: "livechat_transfer_history",
	conversation.LineQueued:      "livechat_transfer_history",
	conversation.LineClosed:      "livechat-close",
	conversation.LineJoined:      "uj",
	conversation.LineHeld:        "omnichannel_placed_chat_on_hold",
	conversation.LineResumed:     "omnichannel_on_hold_chat_resumed",
	conversation.LineCalled:      "livechat_webrtc_video_call",
	conversation.LineVisited:     "livechat_navigation_history",
}

// Authors finds the usernames that messages are shown with.
type Authors struct {
	f      *Kit
	visit  visitor.Known
	agents map[id.Agent]account.Agent
	// inside is set for agents, who see what was noted with a transfer.
	inside bool
}

// Authors reads what the messages of a room need.
func (f *Kit) Authors(ctx context.Context, k visitor.Known) (*Authors, error) {
	people, err := f.People(ctx, k.Visitor.Tenant)
	return &Authors{f: f, visit: k, agents: people}, err
}

// Message is the contract's form of a message; shown is false for a line that
// this contract does not know.
func (a *Authors) Message(m conversation.Message) (v MessageView, shown bool) {
	v = MessageView{ID: MessageID(m), Room: m.Conversation, Text: m.Text, At: StampOf(m.At), UpdatedAt: StampOf(m.At), URLs: []string{}, Mentions: []string{},
		Channels: []string{}}
	v.User = a.user(m.From)
	if m.From.Kind == actor.Visitor {
		v.Token, v.Alias = a.visit.Identity.Token, a.visit.Visitor.Name
	}
	if m.Line != nil {
		return a.line(v, m)
	}
	if m.Text != "" {
		v.Blocks = []Object{{"type": "PARAGRAPH", "value": []Object{{"type": "PLAIN_TEXT", "value": m.Text}}}}
	}
	if m.Edited != nil {
		v.EditedAt, v.UpdatedAt = StampOf(m.Edited.At), StampOf(m.Edited.At)
		by := a.user(m.Edited.By)
		v.EditedBy = &by
	}
	a.f.attach(&v, m)
	return v, m.Kind.VisibleToVisitor() && m.Recalled == nil
}

// user is the contract's form of an author.
func (a *Authors) user(by conversation.Author) userView {
	switch by.Kind {
	case actor.Visitor:
		return userView{string(a.visit.Visitor.ID), a.visit.Identity.Username, a.visit.Visitor.Name}
	case actor.Agent:
		if x := a.agents[id.Agent(by.ID)]; x.Username != "" {
			return userView{by.ID, x.Username, x.Name}
		}
		return userView{by.ID, by.ID, by.Name}
	}
	return userView{BotID, BotID, "Rocket.Cat"}
}

// line is the contract's form of a line about the conversation.
func (a *Authors) line(v MessageView, m conversation.Message) (MessageView, bool) {
	v.Type = SystemTypes[m.Line.Name]
	no := false
	v.Groupable = &no
	if x, ok := a.agents[m.Line.Agent]; ok && v.Type == "uj" {
		v.User, v.Text = userView{string(x.ID), x.Username, x.Name}, x.Username
	}
	if v.Text == "" {
		v.Text = m.Line.Text
	}
	if m.Line.Name == conversation.LineVisited {
		v.Text = m.Line.Title + " - " + m.Line.URL
		v.Navigation = Object{"page": Object{"change": "url", "title": m.Line.Title, "location": Object{"href": m.Line.URL}}, "token": a.visit.Identity.Token}
	}
	a.moved(&v, m)
	return v, v.Type != ""
}

// Messages are what a room shows of a message: a transfer also tells who left, who
// came, and that another department took it. The oldest comes first.
func (a *Authors) Messages(m conversation.Message) []MessageView {
	v, shown := a.Message(m)
	if !shown {
		return nil
	}
	list := []MessageView{v}
	l := m.Line
	if l == nil || l.Name != conversation.LineTransferred && l.Name != conversation.LineQueued {
		return list
	}
	beside := func(kind string, who account.Agent) {
		x := v
		x.ID, x.Type, x.Text, x.Transfer = v.ID+"-"+kind, kind, who.Username, nil
		x.User = userView{string(who.ID), who.Username, who.Name}
		list = append(list, x)
	}
	if who, ok := a.agents[l.FromAgent]; ok {
		beside("ul", who)
	}
	if who, ok := a.agents[l.Agent]; ok {
		beside("uj", who)
	}
	if l.Via != "" {
		x := v
		x.ID, x.Type = v.ID+"-via", "livechat_transfer_history_fallback"
		x.Transfer = maps.Clone(v.Transfer)
		x.Transfer["prevDepartment"] = l.ViaName
		list = append(list, x)
	}
	return list
}

// Started is the line with which a room begins. It is not kept: the conversation
// says when it was.
func (a *Authors) Started(c conversation.Conversation) MessageView {
	no := false
	i := a.visit.Identity
	return MessageView{ID: string(c.ID) + "-0", Room: c.ID, Type: "livechat-started", Token: i.Token, Alias: a.visit.Visitor.Name, At: StampOf(c.CreatedAt), UpdatedAt: StampOf(c.CreatedAt),
		User: a.user(conversation.Author{Kind: actor.Visitor}), Groupable: &no, URLs: []string{}, Mentions: []string{}, Channels: []string{}}
}

// attach adds the files of a message. With several of them pictures have their
// smaller form beside them.
func (f *Kit) attach(v *MessageView, m conversation.Message) {
	files := m.Files()
	for _, file := range files {
		one, up := f.attachment(m, file, media.Original)
		v.Files, v.Uploads = append(v.Files, one), append(v.Uploads, up)
		v.Attachments = append(v.Attachments, f.shown(m, file))
		if len(files) > 1 && strings.HasPrefix(file.Type, "image/") {
			small := file
			small.ID, small.Name = file.ID, "thumb-"+file.Name
			one, up = f.attachment(m, small, media.Thumb)
			one["_id"] = string(file.ID) + "-thumb"
			v.Files, v.Uploads = append(v.Files, one), append(v.Uploads, up)
		}
	}
	switch len(files) {
	case 0:
		return
	case 1:
		v.Upload, v.Uploads = v.Uploads[0], nil
	default:
		v.Upload = v.Uploads[0]
	}
	v.File = v.Files[0]
}

// attachment is a file as a message names it, and where it is to be had.
func (f *Kit) attachment(m conversation.Message, file conversation.File, variant string) (named, upload Object) {
	return Object{"_id": file.ID, "name": file.Name, "type": file.Type},
		Object{"publicFilePath": f.PublicURL + f.Media.Address(m.Tenant, file.ID, variant), "type": file.Type, "size": file.Size}
}

// shown is a file as a message shows it.
func (f *Kit) shown(m conversation.Message, file conversation.File) Object {
	address := f.Media.Address(m.Tenant, file.ID, media.Original)
	at := Object{"title": file.Name, "type": "file", "title_link": address, "title_link_download": true}
	kind, _, _ := strings.Cut(file.Type, "/")
	switch kind {
	case "image", "audio", "video":
		at[kind+"_url"], at[kind+"_type"], at[kind+"_size"] = address, file.Type, file.Size
		if kind == "image" && file.Width > 0 {
			at["image_dimensions"] = Object{"width": file.Width, "height": file.Height}
		}
	default:
		at["size"] = file.Size
	}
	return at
}

// Department finds a team by id or by its exact name, of several the first; "" if
// there is none.
func (f *Kit) Department(ctx context.Context, t id.Tenant, which string) (id.Team, error) {
	book, err := f.Accounts.Book(ctx, t)
	if err != nil {
		return "", err
	}
	if _, ok := book.Teams[id.Team(which)]; ok {
		return id.Team(which), nil
	}
	team, _ := book.TeamNamed(which)
	return team.ID, nil
}
