package uckefu

import (
	"html"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/visitor"
)

// Generation is the dialect of a page: A and B use Latin words and string
// times, C Chinese words and epoch milliseconds.
type Generation string

// The generations.
const (
	GenA Generation = "A"
	GenB Generation = "B"
	GenC Generation = "C"
)

// Directions of a message, by generation.
var callTypes = map[Generation]map[string]string{
	GenC: {"in": "呼入", "out": "呼出", "system": "系统", "invite": "邀请"},
}

func (g Generation) callType(word string) string {
	if w, ok := callTypes[g][word]; ok {
		return w
	}
	return word
}

// shanghai is the zone of the contract's string times.
var shanghai = time.FixedZone("CST", 8*3600)

// time returns t as the generation writes it: a string, or epoch milliseconds.
func (g Generation) time(t time.Time) any {
	if g == GenC {
		return t.UnixMilli()
	}
	return t.In(shanghai).Format("2006-01-02 15:04:05")
}

// out is a message or status for a visitor page, with the field names of all
// generations in one object.
type out struct {
	ID             string `json:"id,omitempty"`
	Message        string `json:"message"`
	MessageType    string `json:"messageType"`
	MsgType        string `json:"msgtype"`
	Type           string `json:"type,omitempty"`
	CallType       string `json:"calltype"`
	NickName       string `json:"nickName,omitempty"`
	UserName       string `json:"username,omitempty"`
	CreateTime     any    `json:"createtime"`
	AgentServiceID string `json:"agentserviceid,omitempty"`
	ContextID      string `json:"contextid,omitempty"`
	UserID         string `json:"userid,omitempty"`
	AppID          string `json:"appid,omitempty"`
	Channel        string `json:"channel,omitempty"`
	AttachmentID   string `json:"attachmentid,omitempty"`
	FileName       string `json:"filename,omitempty"`
	FileSize       int64  `json:"filesize,omitempty"`
	Duration       int    `json:"duration,omitempty"`
	NoAgent        bool   `json:"noagent"`
	DataStatus     bool   `json:"datastatus,omitempty"`
	Cooperation    bool   `json:"cooperation,omitempty"`
	Seq            int64  `json:"seq,omitempty"`
}

// chatMessage is a message for an agent console.
type chatMessage struct {
	ID             string `json:"id,omitempty"`
	AppID          string `json:"appid"`
	UserID         string `json:"userid"`
	UserName       string `json:"username"`
	NickName       string `json:"nickName,omitempty"`
	ToUser         string `json:"touser"`
	Type           string `json:"type"`
	MsgType        string `json:"msgtype"`
	MessageType    string `json:"messageType"`
	Message        string `json:"message"`
	CallType       string `json:"calltype"`
	ContextID      string `json:"contextid"`
	USession       string `json:"usession"`
	AgentServiceID string `json:"agentserviceid"`
	AgentUser      string `json:"agentuser"`
	Creater        string `json:"creater,omitempty"`
	Channel        string `json:"channel"`
	Orgi           string `json:"orgi,omitempty"`
	CreateTime     any    `json:"createtime"`
	UpdateTime     int64  `json:"updatetime"`
	Model          string `json:"model"`
	ChatType       string `json:"chatype,omitempty"`
	TokenNum       int    `json:"tokenum"`
	AttachmentID   string `json:"attachmentid,omitempty"`
	FileName       string `json:"filename,omitempty"`
	FileSize       int64  `json:"filesize,omitempty"`
	Duration       int    `json:"duration,omitempty"`
	ReadStatus     bool   `json:"readstatus"`
	DataStatus     bool   `json:"datastatus,omitempty"`
	Cooperation    bool   `json:"cooperation,omitempty"`
	Seq            int64  `json:"seq,omitempty"`
}

// agentUser is a visitor's place in queue or service, for agent consoles.
type agentUser struct {
	ID             string `json:"id"`
	UserID         string `json:"userid"`
	UserName       string `json:"username"`
	NickName       string `json:"nickname"`
	AgentNo        string `json:"agentno,omitempty"`
	AgentName      string `json:"agentname,omitempty"`
	Status         string `json:"status"`
	Channel        string `json:"channel"`
	ChannelType    string `json:"channeltype,omitempty"`
	AppID          string `json:"appid"`
	Orgi           string `json:"orgi,omitempty"`
	Skill          string `json:"skill,omitempty"`
	AgentServiceID string `json:"agentserviceid"`
	ContextID      string `json:"contextid"`
	SessionID      string `json:"sessionid,omitempty"`
	IPAddr         string `json:"ipaddr,omitempty"`
	OSName         string `json:"osname,omitempty"`
	Browser        string `json:"browser,omitempty"`
	Title          string `json:"title,omitempty"`
	URL            string `json:"url,omitempty"`
	Name           string `json:"name,omitempty"`
	Phone          string `json:"phone,omitempty"`
	Email          string `json:"email,omitempty"`
	Resion         string `json:"resion,omitempty"`
	LastMsg        string `json:"lastmsg,omitempty"`
	TokenNum       int    `json:"tokenum"`
	WaittingTime   int64  `json:"waittingtime"`
	SessionTimes   int64  `json:"sessiontimes"`
	ServiceTime    int64  `json:"servicetime,omitempty"`
	LogInDate      int64  `json:"logindate"`
	CreateTime     int64  `json:"createtime"`
	UpdateTime     int64  `json:"updatetime"`
	EndTime        int64  `json:"endtime,omitempty"`
	LastMessage    int64  `json:"lastmessage,omitempty"`
	Online         bool   `json:"online"`
	Disconnect     bool   `json:"disconnect"`
}

// statusWords are the contract's words for states of a dialogue.
var statusWords = map[conversation.Status]string{
	conversation.Queued: "inquene", conversation.Open: "inservice", conversation.Closed: "end",
}

// userID is the id by which the contract names a visitor.
func userID(v visitor.Visitor) string {
	if v.External != "" {
		return v.External
	}
	return string(v.ID)
}

// newAgentUser describes a conversation and its visitor to an agent.
func newAgentUser(g Generation, c conversation.Conversation, v visitor.Visitor) agentUser {
	u := agentUser{ID: string(v.ID), UserID: userID(v), UserName: v.Name, NickName: v.Name, AgentNo: string(c.Agent), AgentName: c.AgentName,
		Status: statusWords[c.Status], Channel: "webim", AppID: string(c.Inbox), Skill: string(c.Team), AgentServiceID: string(c.ID),
		ContextID: string(c.ID), IPAddr: v.IP, OSName: v.OS, Browser: v.Browser, Title: c.PageTitle, URL: c.PageURL, Name: v.Name,
		Phone: v.Phone, Email: v.Email, Resion: v.Memo, LastMsg: c.LastText, TokenNum: c.Unread, LogInDate: c.QueuedAt.UnixMilli(),
		CreateTime: c.CreatedAt.UnixMilli(), UpdateTime: c.LastAt.UnixMilli(), LastMessage: c.LastAt.UnixMilli(), Online: c.Status != conversation.Closed}
	if c.AssignedAt != nil {
		u.ServiceTime = c.AssignedAt.UnixMilli()
		u.WaittingTime = c.AssignedAt.Sub(c.QueuedAt).Milliseconds()
	}
	if c.ClosedAt != nil {
		u.EndTime = c.ClosedAt.UnixMilli()
		if c.AssignedAt != nil {
			u.SessionTimes = c.ClosedAt.Sub(*c.AssignedAt).Milliseconds()
		}
	}
	if g == GenC {
		u.ChannelType = u.Channel
	} else {
		u.Orgi = string(c.Tenant)
	}
	return u
}

// kindWords are the contract's words for kinds of message.
var kindWords = map[conversation.Kind]string{
	conversation.Text: "text", conversation.Image: "image", conversation.FileK: "file", conversation.Voice: "voice",
	conversation.Cooperation: "cooperation",
}

// direction is "in" for what the visitor wrote and "out" for the rest.
func direction(m conversation.Message) string {
	if m.From.Kind == actor.Visitor {
		return "in"
	}
	return "out"
}

// toHTML is plain text as the contract's pages insert it: escaped, with breaks
// and with pictures in place of emoji that stand for emoticons.
func toHTML(text string) string {
	return emoticons(strings.ReplaceAll(html.EscapeString(text), "\n", "<br>"))
}

// recalledText stands in place of a message that was taken back, for pages that
// do not heed datastatus.
const recalledText = "消息已撤回"

// textual makes a recalled message a text: there is no picture to show any more.
func textual(m conversation.Message) conversation.Message {
	m.Kind = conversation.Text
	return m
}

// content is the body of a message: HTML for text, an address for files.
func (f *Front) content(m conversation.Message) string {
	if m.Recalled != nil {
		return recalledText
	}
	if m.File == nil {
		return toHTML(m.Text)
	}
	if m.Canvas != "" {
		return "/res/image.html?id=" + uploadPrefix + f.attachment(m)
	}
	token := f.Media.Token(m.Tenant, m.File.ID)
	switch m.Kind {
	case conversation.Image:
		return "/res/image.html?id=" + token
	case conversation.Voice:
		return "/res/voice.html?id=" + token
	}
	return "/res/file.html?id=" + token
}

// visitorMessage is a chat bubble for a visitor page.
func (f *Front) visitorMessage(g Generation, m conversation.Message, v visitor.Visitor) out {
	kind := kindWords[m.Kind]
	o := out{ID: string(m.ID), Message: f.content(m), MessageType: kind, MsgType: kind, Type: "message", CallType: g.callType(direction(m)),
		NickName: m.From.Name, UserName: m.From.Name, CreateTime: g.time(m.At), AgentServiceID: string(m.Conversation), ContextID: string(m.Conversation),
		UserID: userID(v), AppID: string(v.Inbox), Channel: "webim", Seq: m.Seq, DataStatus: m.Recalled != nil, Cooperation: m.Canvas != ""}
	if m.File != nil {
		o.AttachmentID, o.FileName, o.FileSize, o.Duration = f.attachment(m), m.File.Name, m.File.Size, (m.File.Duration+999)/1000
	}
	return o
}

// agentMessage is a chat bubble for an agent console.
func (f *Front) agentMessage(g Generation, m conversation.Message, c conversation.Conversation, v visitor.Visitor) chatMessage {
	kind := kindWords[m.Kind]
	o := chatMessage{ID: string(m.ID), AppID: string(c.Inbox), UserID: userID(v), UserName: m.From.Name, NickName: m.From.Name, Type: "message", MsgType: kind,
		MessageType: kind, Message: f.content(m), CallType: g.callType(direction(m)), ContextID: string(c.ID), USession: userID(v), AgentServiceID: string(c.ID),
		AgentUser: string(v.ID), Channel: "webim", CreateTime: g.time(m.At), UpdateTime: m.At.UnixMilli(), Model: "webim", TokenNum: c.Unread, Seq: m.Seq, DataStatus: m.Recalled != nil, Cooperation: m.Canvas != ""}
	if g != GenC {
		o.Orgi = string(c.Tenant)
	}
	if m.From.Kind == actor.Visitor {
		o.ToUser = string(c.Agent)
	} else {
		o.ToUser, o.Creater = userID(v), m.From.ID
	}
	if m.File != nil {
		o.AttachmentID, o.FileName, o.FileSize, o.Duration = f.attachment(m), m.File.Name, m.File.Size, (m.File.Duration+999)/1000
	}
	return o
}

// report is the counters of a tenant, AgentReport in the contract.
type report struct {
	ID           string `json:"id"`
	Type         string `json:"type"`
	Orgi         string `json:"orgi"`
	Agents       int    `json:"agents"`
	ReadyAgents  int    `json:"readyagents"`
	InCall       int    `json:"incall"`
	Users        int    `json:"users"`
	InQuene      int    `json:"inquene"`
	Busy         int    `json:"busy"`
	WorkType     string `json:"worktype,omitempty"`
	WorkResult   string `json:"workresult,omitempty"`
	DataID       string `json:"dataid,omitempty"`
	DateStr      string `json:"datestr"`
	HourStr      string `json:"hourstr"`
	DateHourStr  string `json:"datehourstr"`
	CreateTime   int64  `json:"createtime"`
	ServiceState string `json:"status,omitempty"`
}

// newReport counts agents with a live console, dialogues and the queue.
func newReport(tenant string, now time.Time, roster []account.AgentStatus, counts conversation.Counts) report {
	local := now.In(shanghai)
	r := report{ID: tenant, Type: "status", Orgi: tenant, Users: counts.All - counts.Queue, InQuene: counts.Queue, CreateTime: now.UnixMilli(),
		DateStr: local.Format("2006-01-02"), HourStr: local.Format("15"), DateHourStr: local.Format("2006-01-02 15")}
	for _, a := range roster {
		if !a.Connected {
			continue
		}
		switch a.State {
		case account.Ready:
			r.Agents++
			r.ReadyAgents++
		case account.Busy:
			r.Agents++
			r.Busy++
		}
	}
	return r
}
