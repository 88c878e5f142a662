package knowledge

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"parlor/internal/token"
)

// part is a part of a text by which texts are compared.
type part struct {
	text string
	// class says how much parts of this sort say, beside how rare they are.
	class float32
}

// Classes of parts. Scripts that write no spaces are compared by pairs of
// characters, and a little by single ones, so that a character in between does not
// divide everything. Words of other scripts are compared whole and by their
// beginning, which is what remains when they are inflected.
const (
	classPair      = 1
	classSingle    = 0.25
	classWord      = 0.5
	classBeginning = 0.6
	classShort     = 1
	classFiller    = 0.06
	classAsking    = 0.6
)

// beginning is how many letters of a longer word are its beginning.
const beginning = 5

// split returns the key of a text, which is equal for texts that differ in case,
// width, accents and punctuation only, and its distinct parts.
func split(text string) (key string, parts []part) {
	s := &splitter{seen: map[string]bool{}}
	var all strings.Builder
	for _, word := range token.Words(text) {
		for _, run := range runs(word) {
			all.WriteString(run)
			if first, _ := utf8.DecodeRuneInString(run); wide(first) {
				s.wide(run)
			} else {
				s.word(run)
			}
		}
	}
	return all.String(), s.parts
}

// splitter collects the distinct parts of a text.
type splitter struct {
	seen  map[string]bool
	parts []part
}

func (s *splitter) add(text string, class float32) {
	if !s.seen[text] {
		s.seen[text] = true
		s.parts = append(s.parts, part{text, class})
	}
}

// word adds the parts of a word of a script with spaces. Beginnings carry a mark
// that no word has.
func (s *splitter) word(w string) {
	if p, ok := phrases[w]; ok {
		s.add(p.text, p.class)
		return
	}
	// What is left of a plural need not be a word, if only it is always the same.
	if n := len(w); n > 3 && w[n-1] == 's' && w[n-2] != 's' {
		w = w[:n-1]
	}
	if utf8.RuneCountInString(w) < beginning {
		s.add(w, classShort)
		return
	}
	s.add(w, classWord)
	n := 0
	for i := range w {
		if n++; n > beginning {
			w = w[:i]
			break
		}
	}
	s.add(w+"~", classBeginning)
}

// wide adds the parts of a run of a script without spaces. Phrases divide it.
func (s *splitter) wide(run string) {
	begin, alone := 0, ""
	flush := func(end int) {
		piece := run[begin:end]
		for _, r := range piece {
			s.add(string(r), classSingle)
		}
		for a, b := range token.Pairs(piece) {
			s.add(string([]rune{a, b}), classPair)
		}
		// Two characters that only a particle divides are one word: 退个货.
		single := utf8.RuneCountInString(piece) == 1
		if single && alone != "" {
			s.add(alone+piece, classPair)
		}
		if alone = ""; single {
			alone = piece
		}
	}
	for i := 0; i < len(run); {
		n := phraseAt(run[i:])
		if n == 0 {
			_, size := utf8.DecodeRuneInString(run[i:])
			i += size
			continue
		}
		if i > begin {
			flush(i)
		}
		p := phrases[run[i:i+n]]
		s.add(p.text, p.class)
		i += n
		begin = i
	}
	flush(len(run))
}

// phraseAt returns the length in bytes of the longest phrase that a text begins
// with, 0 if there is none.
func phraseAt(s string) (n int) {
	runes := 0
	for i, r := range s {
		end := i + utf8.RuneLen(r)
		if _, ok := phrases[s[:end]]; ok {
			n = end
		}
		if runes++; runes == longestPhrase {
			break
		}
	}
	return n
}

// runs splits a folded word where it changes between scripts with and without
// spaces, at punctuation and around symbols. Accents of Latin letters are left out:
// many people type none.
func runs(word string) (list []string) {
	var b strings.Builder
	kind := 0
	flush := func() {
		if b.Len() > 0 {
			list = append(list, b.String())
			b.Reset()
		}
	}
	for _, r := range word {
		k := 1
		switch {
		case separates(r):
			k = 0
		case wide(r):
			k = 2
		case !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r):
			k = 3
		case r >= 0x80 && unicode.Is(unicode.Latin, r):
			r = plain(r)
		}
		if k != kind || k == 3 {
			flush()
		}
		if kind = k; k != 0 {
			b.WriteRune(r)
		}
	}
	flush()
	return list
}

// plain is a Latin letter without its accents.
func plain(r rune) rune {
	first, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r)))
	return first
}

// wide reports whether a character is of a script without spaces.
func wide(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}

// phrases are words that are parts as they are, written as split leaves them.
// longestPhrase is the length in characters of the longest of a script without spaces.
var phrases, longestPhrase = readPhrases()

func readPhrases() (m map[string]part, longest int) {
	m = map[string]part{}
	add := func(w string, p part) {
		m[w] = p
		if first, size := utf8.DecodeRuneInString(w); size > 1 && wide(first) {
			longest = max(longest, utf8.RuneCountInString(w))
		}
	}
	for w := range strings.FieldsSeq(fillers) {
		add(w, part{w, classFiller})
	}
	for line := range strings.Lines(askers) {
		list := strings.Fields(line)
		for _, w := range list {
			add(w, part{list[0], classAsking})
		}
	}
	return m, longest
}

// askers ask for the same thing, line by line.
const askers = `多久 多长时间 什么时候 啥时候 何时 几天 多少天 几时
哪里 哪儿 哪 什么地方 啥地方
为什么 为啥 为何 怎么回事
多少钱 什么价 几块钱
where onde
when quando
why porque
`

// fillers say little of what is asked: who asks, particles, words of politeness.
const fillers = `
怎么 怎样 怎么样 怎么办 如何 请问 你好 您好 什么 可以 可不可以 能不能 能否 是否 是不是 有没有 我们 你们 咱们 他们 一下 一个 这个 那个 这 那 想问 问下 请 谢谢 麻烦 帮我 我想 我要 需要 应该 告诉 知道
的 了 吗 呢 啊 吧 呀 哦 嘛 么 我 你 您 他 她 它 个 是 就 都 也 把 被 给 和 与 跟 及 想 ええ です ます か は が を に の
a an the is are was be am i im me my we our you your u it its this that these those do does did can could may will would should shall to of for in on at by with from and or if
how what which please hi hello hey thanks thank want need like know tell get got have has had there about any some just
o os as um uma uns umas de do da dos das no na nos nas em por para pra pro com e ou se que qual quais como eu meu minha meus minhas voce voces seu sua nos me te lhe ser sao foi esta estao isso isto
posso pode podem quero queria gostaria preciso saber ola oi bom boa dia tarde favor obrigado obrigada tem ter ha ao aos
`
