package canned

import (
	"strings"
	"time"
)

// Vars are the values of the variables of a text.
type Vars struct {
	// Visitor, VisitorEmail and VisitorPhone are of whom the text goes to.
	Visitor, VisitorEmail, VisitorPhone string
	// Agent is the name of who sends it, Team of the team of the conversation,
	// Company of the tenant.
	Agent, Team, Company string
	// AgentEmail is only for texts of other systems.
	AgentEmail string
	// Now is the time in the zone of the agent, Language the language of dates:
	// zh-CN, pt-BR, or anything else for English.
	Now      time.Time
	Language string
}

// Expand fills in the variables of a text:
//
//	{visitor} {visitor.email} {visitor.phone} {agent} {team} {company} {date} {time}
//
// Names are taken without regard to case; 访客, 客服, 技能组, 公司, 日期 and 时间
// are names of the same. A variable without a value becomes empty, one that is
// unknown stays as it is, and "{{" writes a brace, but those of Fill are filled in.
// What is filled in is not looked at again, so that a visitor's name cannot name a
// variable.
func Expand(text string, v Vars) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '{')
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i])
		text = text[i:]
		if value, size := v.double(text); size > 0 {
			b.WriteString(value)
			text = text[size:]
			continue
		}
		if strings.HasPrefix(text, "{{") {
			b.WriteByte('{')
			text = text[2:]
			continue
		}
		end := strings.IndexAny(text[1:], "{}\n")
		if end < 0 || text[1+end] != '}' {
			b.WriteByte('{')
			text = text[1:]
			continue
		}
		if value, known := v.value(text[1 : 1+end]); known {
			b.WriteString(value)
		} else {
			b.WriteString(text[:end+2])
		}
		text = text[end+2:]
	}
}

// Fill fills in the variables of texts that come from Rocket.Chat, and leaves
// everything else as it is:
//
//	{{contact.name}} {{contact.email}} {{contact.phone}} {{agent.name}} {{agent.email}}
func Fill(text string, v Vars) string {
	var b strings.Builder
	for {
		i := strings.Index(text, "{{")
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i])
		text = text[i:]
		value, size := v.double(text)
		if size == 0 {
			value, size = "{{", 2
		}
		b.WriteString(value)
		text = text[size:]
	}
}

// double returns the value of the variable of Fill with which a text begins, and
// the length of its name with the braces; 0 if there is none.
func (v Vars) double(text string) (value string, size int) {
	if !strings.HasPrefix(text, "{{") {
		return "", 0
	}
	end := strings.Index(text, "}}")
	if end < 0 || end > 40 {
		return "", 0
	}
	values := map[string]string{"contact.name": v.Visitor, "contact.email": v.VisitorEmail, "contact.phone": v.VisitorPhone, "agent.name": v.Agent, "agent.email": v.AgentEmail}
	value, known := values[strings.TrimSpace(text[2:end])]
	if !known {
		return "", 0
	}
	return value, end + 2
}

// value returns the value of a variable.
func (v Vars) value(name string) (string, bool) {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "visitor", "visitor.name", "访客":
		return v.Visitor, true
	case "visitor.email":
		return v.VisitorEmail, true
	case "visitor.phone":
		return v.VisitorPhone, true
	case "agent", "客服":
		return v.Agent, true
	case "team", "技能组":
		return v.Team, true
	case "company", "公司":
		return v.Company, true
	case "date", "日期":
		return v.Now.Format(dateForms[v.Language]), true
	case "time", "时间":
		return v.Now.Format("15:04"), true
	}
	return "", false
}

// dateForms are the forms of dates by language.
var dateForms = map[string]string{"zh-CN": "2006年1月2日", "pt-BR": "02/01/2006", "en": "January 2, 2006", "": "2006-01-02"}
