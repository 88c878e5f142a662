package setting

import "time"

// DefaultColor is the brand colour where none is set.
const DefaultColor = "#2458d8"

// Look is how the visitor's side of a website looks. Positions are "right,bottom"
// (default), "right,middle", "right,top", "left,bottom", "left,middle" and "left,top".
type Look struct {
	// Model of the entry button: "round" (default), "square" or "bar".
	Model    string `json:"model,omitempty"`
	Position string `json:"position,omitempty"`
	// OffsetX and OffsetY move the button from its edge, in CSS pixels, 0 to 400. Default 24.
	OffsetX *int `json:"offsetX,omitempty"`
	OffsetY *int `json:"offsetY,omitempty"`
	// Label is written on the button.
	Label Text `json:"label,omitempty"`
	// DelayMS is when the button appears after the page, in milliseconds, 0 to 60000.
	DelayMS int `json:"delayMs,omitempty"`
	// Icon and Logo are ids of uploaded pictures.
	Icon string `json:"icon,omitempty"`
	Logo string `json:"logo,omitempty"`
	// Title and Subtitle head the chat window.
	Title    Text `json:"title,omitempty"`
	Subtitle Text `json:"subtitle,omitempty"`
	// Text is the colour of writing on the brand colour (entry button, head of the
	// panel, the visitor's own messages), #rrggbb, with a contrast of at least 4.5;
	// empty picks black or white, whichever contrasts more.
	Text string `json:"text,omitempty"`
	// Theme is "auto" (default), "light" or "dark".
	Theme string `json:"theme,omitempty"`
	// Popup opens the chat in a window of its own instead of a panel.
	Popup bool `json:"popup,omitempty"`
	// CtrlEnter sends with Ctrl+Enter; Enter makes a new line.
	CtrlEnter bool `json:"ctrlEnter,omitempty"`
	// MaxChars limits a visitor's message, 1 to 10000; 0 means 10000.
	MaxChars int `json:"maxChars,omitempty"`
	// NoHistory shows no earlier conversations.
	NoHistory bool `json:"noHistory,omitempty"`
	// NoFiles, NoVoice and NoEmoji take the button away.
	NoFiles bool `json:"noFiles,omitempty"`
	NoVoice bool `json:"noVoice,omitempty"`
	NoEmoji bool `json:"noEmoji,omitempty"`
	// NoDownload takes away the record of the conversation.
	NoDownload bool `json:"noDownload,omitempty"`
	// Contact is shown on the company card.
	Contact Contact `json:"contact,omitzero"`
	// Teams shows a choice of teams before the chat: their ids in order.
	Teams []string `json:"teams,omitempty"`
	// TeamList draws that choice at the entry button.
	TeamList TeamList `json:"teamList,omitzero"`
	// Ads are the adverts of the slots, at most 20.
	Ads []Ad `json:"ads,omitempty"`
}

// Contact is the company card of the chat window.
type Contact struct {
	Name    Text   `json:"name,omitempty"`
	About   Text   `json:"about,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Email   string `json:"email,omitempty"`
	Address Text   `json:"address,omitempty"`
}

// Invite is the proactive invitation (主动邀请).
type Invite struct {
	// Enabled lets the rules invite by themselves; agents may invite always.
	Enabled bool `json:"enabled,omitempty"`
	Text    Text `json:"text,omitempty"`
	// Accept and Later are the words on the buttons.
	Accept Text `json:"accept,omitempty"`
	Later  Text `json:"later,omitempty"`
	// Position is one of the six of Look, or "center" (default).
	Position string `json:"position,omitempty"`
	// Color of the box, #rrggbb; empty is the brand colour.
	Color string `json:"color,omitempty"`
	// Image is the id of an uploaded picture above the text.
	Image string `json:"image,omitempty"`
	// Width of the box in CSS pixels, 240 to 600; 0 means 360.
	Width int `json:"width,omitempty"`
	// Rules are tried in order; the first that holds invites.
	Rules []InviteRule `json:"rules,omitempty"`
}

// InviteRule says when to invite. Every condition that is set must hold.
type InviteRule struct {
	Name string `json:"name,omitempty"`
	// After is the time on the page in seconds, 0 to 3600.
	After int `json:"after"`
	// Page and Referrer are patterns of addresses, * stands for anything.
	Page     string `json:"page,omitempty"`
	Referrer string `json:"referrer,omitempty"`
	// MinVisits and MaxVisits bound the visitor's number of visits; 0 is open.
	MinVisits int `json:"minVisits,omitempty"`
	MaxVisits int `json:"maxVisits,omitempty"`
	// From and To bound the time of day as 15:04 in the inbox's zone; both or none.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Repeat invites again so many seconds after a refusal; 0 invites once.
	Repeat int `json:"repeat,omitempty"`
	// Once invites at most once in a visit, whatever Repeat says.
	Once bool `json:"once,omitempty"`
	// Online invites only while an agent is available.
	Online bool `json:"online,omitempty"`
	// Text replaces the text of Invite.
	Text Text `json:"text,omitempty"`
}

// Within reports whether the time of day of now lies between From and To. The end
// is not part of the span; one whose end is not after its beginning goes past
// midnight. A rule without them holds at any time.
func (r InviteRule) Within(now time.Time) bool {
	from, ok1 := minute(r.From)
	to, ok2 := minute(r.To)
	if !ok1 || !ok2 {
		return true
	}
	at := now.Hour()*60 + now.Minute()
	if from < to {
		return from <= at && at < to
	}
	return from <= at || at < to
}

// Field is one input of a form.
type Field struct {
	// Name is "name", "email", "phone", "address", "qq", "content" or the key of
	// a custom field.
	Name     string `json:"name"`
	Label    Text   `json:"label,omitempty"`
	Required bool   `json:"required,omitempty"`
}

// PreChat is the form before a conversation (信息收集).
type PreChat struct {
	Enabled bool    `json:"enabled,omitempty"`
	Text    Text    `json:"text,omitempty"`
	Fields  []Field `json:"fields,omitempty"`
	// Always asks again in every conversation instead of remembering the answers.
	Always bool `json:"always,omitempty"`
	// Consent, if set, must be agreed to before the conversation.
	Consent Text `json:"consent,omitempty"`
}

// Offline is the leave-message page (留言).
type Offline struct {
	Disabled bool `json:"disabled,omitempty"`
	Text     Text `json:"text,omitempty"`
	Thanks   Text `json:"thanks,omitempty"`
	// Fields of the form; empty means name, phone, email and content, of which
	// content is required.
	Fields []Field `json:"fields,omitempty"`
}

// Canvas is how pictures are drawn on together (图片协作).
type Canvas struct {
	// VisitorDraws lets visitors draw too. Default true; false lets them look on.
	VisitorDraws *bool `json:"visitorDraws,omitempty"`
}

// Draws reports whether visitors may draw.
func (c Canvas) Draws() bool { return c.VisitorDraws == nil || *c.VisitorDraws }

// Calls is what concerns video and voice calls.
type Calls struct {
	// Record has the server record the calls of the inbox; both sides are told before
	// they answer. Default false. It needs the setting record-listen of the server.
	Record bool `json:"record,omitempty"`
	// KeepDays is for how many days recordings are kept, 1 to 3650. Default 90.
	KeepDays *int `json:"keepDays,omitempty"`
	// Counter is the page on which visitors ask for a video call.
	Counter Counter `json:"counter,omitzero"`
}

// Counter is the page of the video counter (独立视频客服): what it says, and how it begins.
type Counter struct {
	// Waiting is said before the visitor asks for a call, Calling while it waits for
	// one, Ending afterwards. Default: the page's own words.
	Waiting Text `json:"waiting,omitempty"`
	Calling Text `json:"calling,omitempty"`
	Ending  Text `json:"ending,omitempty"`
	// SkipWaiting asks for the call as soon as the page is open.
	SkipWaiting bool `json:"skipWaiting,omitempty"`
	// CameraOff begins calls with the visitor's camera switched off.
	CameraOff bool `json:"cameraOff,omitempty"`
}

// Days is KeepDays with its default.
func (c Calls) Days() int {
	if c.KeepDays == nil {
		return 90
	}
	return *c.KeepDays
}

// Survey is the satisfaction survey (满意度).
type Survey struct {
	Disabled bool `json:"disabled,omitempty"`
	Text     Text `json:"text,omitempty"`
	Thanks   Text `json:"thanks,omitempty"`
	// Levels from best to worst, 2 to 10; empty means DefaultLevels.
	Levels []Level `json:"levels,omitempty"`
	// Reasons that may be ticked; empty means DefaultReasons.
	Reasons []Reason `json:"reasons,omitempty"`
	// NoComment takes the free text away.
	NoComment bool `json:"noComment,omitempty"`
	// NoAuto asks only when an agent asks, not at the end of a conversation.
	NoAuto bool `json:"noAuto,omitempty"`
}

// Level is one answer of the survey.
type Level struct {
	Code string `json:"code"`
	Text Text   `json:"text"`
	// Score counts in reports, 0 to 100.
	Score int `json:"score"`
	// Reasons asks why with this level.
	Reasons bool `json:"reasons,omitempty"`
}

// Reason is one cause that may be ticked.
type Reason struct {
	Code string `json:"code"`
	Text Text   `json:"text"`
}

// DefaultLevels are the five levels of the UCKeFu contract, codes included.
func DefaultLevels() []Level {
	return []Level{
		{"1", Text{"zh-CN": "非常满意", "en": "Very satisfied", "pt-BR": "Muito satisfeito"}, 100, false},
		{"2", Text{"zh-CN": "满意", "en": "Satisfied", "pt-BR": "Satisfeito"}, 80, false},
		{"3", Text{"zh-CN": "一般", "en": "Neutral", "pt-BR": "Neutro"}, 60, true},
		{"4", Text{"zh-CN": "不满意", "en": "Dissatisfied", "pt-BR": "Insatisfeito"}, 40, true},
		{"5", Text{"zh-CN": "非常不满意", "en": "Very dissatisfied", "pt-BR": "Muito insatisfeito"}, 20, true},
	}
}

// DefaultReasons are the four reasons of the UCKeFu contract, codes included.
func DefaultReasons() []Reason {
	return []Reason{
		{"01", Text{"zh-CN": "业务能力不足", "en": "Did not know enough", "pt-BR": "Não sabia o suficiente"}},
		{"02", Text{"zh-CN": "服务态度不好", "en": "Was not friendly", "pt-BR": "Não foi cordial"}},
		{"03", Text{"zh-CN": "回复不及时", "en": "Took too long", "pt-BR": "Demorou demais"}},
		{"04", Text{"zh-CN": "其他", "en": "Something else", "pt-BR": "Outro motivo"}},
	}
}

// LevelList returns the levels that hold.
func (s Survey) LevelList() []Level {
	if len(s.Levels) > 0 {
		return s.Levels
	}
	return DefaultLevels()
}

// ReasonList returns the reasons that hold.
func (s Survey) ReasonList() []Reason {
	if len(s.Reasons) > 0 {
		return s.Reasons
	}
	return DefaultReasons()
}

// FieldList returns the fields that hold.
func (o Offline) FieldList() []Field {
	if len(o.Fields) > 0 {
		return o.Fields
	}
	return []Field{{Name: "name"}, {Name: "phone"}, {Name: "email"}, {Name: "content", Required: true}}
}
