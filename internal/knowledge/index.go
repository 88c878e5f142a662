package knowledge

import (
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"

	"parlor/internal/id"
)

// index finds the wordings of one company's articles by their parts. It does not
// change after newIndex and is safe for concurrent use.
type index struct {
	texts    []Text
	wordings []wording
	// exact finds wordings by their key.
	exact map[string][]int32
	parts map[string]*posting
	// unknown is the rarity of a part that stands nowhere.
	unknown float32
	scratch sync.Pool
}

// wording is one wording of an article.
type wording struct {
	text   int32
	number int32 // 0 is the title, others count the questions from 1
	// weight is the sum of the weights of its parts.
	weight float32
}

// posting is where a part stands.
type posting struct {
	rarity float32
	in     []int32
	// articles counts those with the part, last is the one counted last.
	articles int
	last     int32
}

// newIndex indexes the active of some texts.
func newIndex(texts []Text) *index {
	ix := &index{exact: map[string][]int32{}, parts: map[string]*posting{}}
	var parts [][]part
	for _, t := range texts {
		if !t.Active {
			continue
		}
		n := int32(len(ix.texts))
		ix.texts = append(ix.texts, t)
		for i, text := range append([]string{t.Title}, t.Questions...) {
			w := int32(len(ix.wordings))
			key, list := split(text)
			ix.wordings = append(ix.wordings, wording{text: n, number: int32(i)})
			ix.exact[key] = append(ix.exact[key], w)
			parts = append(parts, list)
			for _, p := range list {
				ix.post(p, w, n)
			}
		}
	}
	all := float64(len(ix.texts) + 1)
	for _, p := range ix.parts {
		p.rarity = float32(math.Log(1 + all/(float64(p.articles)+0.5)))
		p.in = slices.Clip(p.in)
	}
	// What stands nowhere is often only chatter: it counts like what stands in every
	// third article.
	ix.unknown = float32(math.Log(1 + all/(all/3+0.5)))
	for w, list := range parts {
		for _, p := range list {
			ix.wordings[w].weight += p.class * ix.parts[p.text].rarity
		}
	}
	n := len(ix.wordings)
	ix.scratch.New = func() any { return &scratch{sums: make([]float32, n)} }
	return ix
}

// post notes that a part stands in a wording of a text.
func (ix *index) post(p part, w, text int32) {
	at := ix.parts[p.text]
	if at == nil {
		at = &posting{last: -1}
		// The key must not hold the folded text of a whole wording in memory.
		ix.parts[strings.Clone(p.text)] = at
	}
	at.in = append(at.in, w)
	if at.last != text {
		at.last = text
		at.articles++
	}
}

// scratch is what one search writes to. All sums are 0 between searches.
type scratch struct {
	sums    []float32
	touched []int32
}

// hit is a wording that fits.
type hit struct {
	wording int32
	score   float32 // 0 to 1
}

// queryShare is how much what else a question says counts against an article; the
// rest is what else the wording says.
const queryShare = 0.3

// find returns the best wording of each of the best articles, best first, at most
// limit; fits chooses articles.
func (ix *index) find(question string, limit int, fits func(*Text) bool) []hit {
	key, parts := split(question)
	best := ranking{ix: ix, limit: limit}
	if key == "" {
		return nil
	}
	for _, w := range ix.exact[key] {
		if fits(&ix.texts[ix.wordings[w].text]) {
			best.offer(hit{w, 1})
		}
	}
	sc, _ := ix.scratch.Get().(*scratch)
	defer ix.scratch.Put(sc)
	var weight float32
	for _, p := range parts {
		at := ix.parts[p.text]
		if at == nil {
			weight += p.class * ix.unknown
			continue
		}
		add := p.class * at.rarity
		weight += add
		for _, w := range at.in {
			if sc.sums[w] == 0 {
				sc.touched = append(sc.touched, w)
			}
			sc.sums[w] += add
		}
	}
	for _, w := range sc.touched {
		both := sc.sums[w]
		sc.sums[w] = 0
		// Only equal texts are a full match.
		score := min(both/(queryShare*weight+(1-queryShare)*ix.wordings[w].weight), 0.99)
		if score >= best.least() && fits(&ix.texts[ix.wordings[w].text]) {
			best.offer(hit{w, score})
		}
	}
	sc.touched = sc.touched[:0]
	return best.list
}

// leastScore is what is not worth a look.
const leastScore = 0.1

// ranking keeps the best hits, one for each article, best first. Among equals the
// article with the lower id and the earlier wording is first.
type ranking struct {
	ix    *index
	limit int
	list  []hit
}

// least is the score that a hit needs to matter.
func (r *ranking) least() float32 {
	if len(r.list) < r.limit {
		return leastScore
	}
	return max(leastScore, r.list[len(r.list)-1].score)
}

// before is the order of hits. Wordings are numbered in the order of their articles.
func (a hit) before(b hit) bool {
	return a.score > b.score || a.score == b.score && a.wording < b.wording
}

func (r *ranking) offer(h hit) {
	text := func(h hit) int32 { return r.ix.wordings[h.wording].text }
	if i := slices.IndexFunc(r.list, func(o hit) bool { return text(o) == text(h) }); i >= 0 {
		if !h.before(r.list[i]) {
			return
		}
		r.list = slices.Delete(r.list, i, i+1)
	}
	i := slices.IndexFunc(r.list, func(o hit) bool { return h.before(o) })
	if i < 0 {
		i = len(r.list)
	}
	if i < r.limit {
		r.list = slices.Insert(r.list, i, h)
		r.list = r.list[:min(len(r.list), r.limit)]
	}
}

// words returns the wording of a hit.
func (ix *index) words(h hit) string {
	w := ix.wordings[h.wording]
	if w.number == 0 {
		return ix.texts[w.text].Title
	}
	return ix.texts[w.text].Questions[w.number-1]
}

// suits reports whether an article is for visitors of an inbox and a language;
// empty ones are not looked at.
func suits(t *Text, inbox id.Inbox, locale string) bool {
	return (t.Locale == "" || locale == "" || t.Locale == locale) && (len(t.Inboxes) == 0 || inbox == "" || slices.Contains(t.Inboxes, inbox))
}

// separates reports whether a character only divides words.
func separates(r rune) bool {
	return unicode.In(r, unicode.P, unicode.Z, unicode.C, unicode.Sk) || unicode.IsSpace(r) || r == '~' || r >= 0xFE00 && r <= 0xFE0F
}
