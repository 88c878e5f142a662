package robot

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"parlor/internal/conversation"
	"parlor/internal/setting"
)

// builtin are the texts where a company sets no others.
var builtin = Texts{
	Unknown:  setting.Text{"zh-CN": "抱歉，我没有理解您的问题，请换一种说法再试一次。", "en": "Sorry, I did not understand that. Could you put it differently?", "pt-BR": "Desculpe, não entendi. Pode perguntar de outra forma?"},
	Suggest:  setting.Text{"zh-CN": "您是想问：", "en": "Did you mean:", "pt-BR": "Você quis dizer:"},
	Handing:  setting.Text{"zh-CN": "正在为您转接人工客服，请稍候。", "en": "I am bringing you to a person. One moment, please.", "pt-BR": "Vou transferir você para um atendente. Um momento, por favor."},
	Waiting:  setting.Text{"zh-CN": "现在没有客服在线，已为您排队，客服上线后会尽快为您服务。", "en": "Nobody is here right now. You are in the queue, and somebody will answer as soon as possible.", "pt-BR": "Não há ninguém disponível agora. Você está na fila e será atendido assim que possível."},
	Nobody:   setting.Text{"zh-CN": "抱歉，现在没有人工客服在线。我会继续为您服务，您也可以留言。", "en": "Sorry, nobody is here right now. I will stay with you, and you can leave a message.", "pt-BR": "Desculpe, não há ninguém disponível agora. Continuo aqui, e você pode deixar uma mensagem."},
	Solved:   setting.Text{"zh-CN": "很高兴能帮到您！", "en": "Glad I could help!", "pt-BR": "Que bom que ajudei!"},
	Unsolved: setting.Text{"zh-CN": "很抱歉没能解决您的问题，请再描述一下，或者转人工客服。", "en": "Sorry that this did not help. Tell me more, or ask for a person.", "pt-BR": "Desculpe por não ter ajudado. Conte mais ou peça um atendente."},
}

// related stands above the articles that belong to an answer.
var related = setting.Text{"zh-CN": "相关问题：", "en": "Related:", "pt-BR": "Relacionados:"}

// DefaultWords are the words that ask for a person in a new robot.
func DefaultWords() map[string][]string {
	return map[string][]string{
		"zh-CN": {"转人工", "人工客服", "人工服务", "转接人工", "找人工", "真人客服", "转客服", "人工"},
		"en":    {"chat with agent", "talk to agent", "talk to an agent", "talk to a human", "talk to a person", "human agent", "live agent", "real person", "speak to someone", "human"},
		"pt-BR": {"falar com atendente", "falar com um atendente", "falar com uma pessoa", "falar com um humano", "atendente humano", "atendimento humano", "atendente"},
	}
}

// Language is that of Languages in which a visitor with a locale is answered.
func Language(locale string) string {
	locale = strings.ToLower(locale)
	for _, l := range setting.Languages {
		if strings.HasPrefix(locale, strings.ToLower(l[:2])) {
			return l
		}
	}
	if locale == "" {
		return setting.Languages[0]
	}
	return "en"
}

// say is a text in a language: what is set, else the built-in one. Blanks say nothing.
func say(set, otherwise setting.Text, lang string) string {
	if s := conversation.CleanText(set.In(lang)); s != "" {
		return s
	}
	return otherwise[lang]
}

// title is a text of which any language is better than none.
func title(t setting.Text, lang string) string {
	if s := conversation.CleanText(t.In(lang)); s != "" {
		return s
	}
	for _, l := range setting.Languages {
		if s := conversation.CleanText(t[l]); s != "" {
			return s
		}
	}
	return ""
}

// fold makes texts comparable: without regard to case, width, blanks at the ends and
// punctuation behind them.
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 0xFF01 && r <= 0xFF5E:
			r -= 0xFEE0
		case unicode.IsSpace(r):
			r = ' '
		}
		return unicode.ToLower(r)
	}, s)
	s = strings.TrimRightFunc(s, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) })
	return strings.Join(strings.Fields(s), " ")
}

// longEnough is how many characters a word needs to be found within a message; a
// shorter one must be the whole message.
const longEnough = 3

// asks reports whether a message asks for a person: it is one of the words, or has
// one of them in it. Words of letters of the alphabet do not begin or end within others.
func asks(words map[string][]string, text string) bool {
	text = fold(text)
	if text == "" {
		return false
	}
	for _, list := range words {
		if slices.ContainsFunc(list, func(w string) bool { return within(text, fold(w)) }) {
			return true
		}
	}
	return false
}

// within reports whether a folded text is or holds a folded word.
func within(text, word string) bool {
	if word == "" || text == word {
		return word != ""
	}
	if utf8.RuneCountInString(word) < longEnough {
		return false
	}
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		first, size := utf8.DecodeRuneInString(word)
		last, _ := utf8.DecodeLastRuneInString(word)
		after, _ := utf8.DecodeRuneInString(text[i+len(word):])
		if !(latin(before) && latin(first)) && !(latin(last) && latin(after)) {
			return true
		}
		from = i + size
	}
}

// latin reports whether r is of a script that writes blanks between words.
func latin(r rune) bool { return unicode.Is(unicode.Latin, r) || unicode.IsDigit(r) }

// pick finds what a message chooses from a menu: its title, or its number from 1.
func pick(menu []Choice, text string) (Choice, bool) {
	text = fold(text)
	if text == "" {
		return Choice{}, false
	}
	for _, c := range menu {
		if fold(c.Title) == text {
			return c, true
		}
	}
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(menu) && len(text) <= 2 {
		return menu[n-1], true
	}
	return Choice{}, false
}
