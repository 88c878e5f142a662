package online

import (
	"net/url"
	"strings"
)

// Source is the class of an Origin.
type Source string

// The sources.
const (
	Direct   Source = "direct"
	Search   Source = "search"
	Referral Source = "referral"
	Campaign Source = "campaign"
)

// Origin is how a visit began.
type Origin struct {
	Source Source `json:"source" enum:"direct,search,referral,campaign"`
	// Engine is the search engine, for searches.
	Engine string `json:"engine,omitempty"`
	// Keyword is what was searched for, if the engine or the campaign says so.
	Keyword string `json:"keyword,omitempty"`
	// Campaign is the name of the campaign, or who ran it.
	Campaign string `json:"campaign,omitempty"`
	// Referrer is the page before the first one, if it was on another site.
	Referrer string `json:"referrer,omitempty"`
}

// engine is a search engine: a part of its host and the parameters that may hold
// the words.
type engine struct {
	name, host string
	params     []string
}

var engines = []engine{
	{"Baidu", "baidu.com", []string{"wd", "word", "kw"}}, {"Google", "google.", []string{"q"}}, {"Bing", "bing.com", []string{"q"}},
	{"Sogou", "sogou.com", []string{"query", "keyword"}}, {"360", "so.com", []string{"q"}}, {"Shenma", "sm.cn", []string{"q"}},
	{"Toutiao", "toutiao.com", []string{"keyword"}}, {"Yahoo", "yahoo.", []string{"p", "q"}}, {"DuckDuckGo", "duckduckgo.com", []string{"q"}},
	{"Yandex", "yandex.", []string{"text"}}, {"Naver", "naver.com", []string{"query"}}, {"Ecosia", "ecosia.org", []string{"q"}},
}

// clicks are parameters that advertisers add to the addresses they lead to.
var clicks = []struct{ param, name string }{
	{"gclid", "Google Ads"}, {"bd_vid", "Baidu"}, {"msclkid", "Microsoft Advertising"}, {"fbclid", "Facebook"}, {"qhclickid", "360"}, {"yclid", "Yandex"},
}

// OriginOf finds out how a visit began from the first page and the page before it.
func OriginOf(page, referrer string) Origin {
	p, err := url.Parse(page)
	if err != nil {
		p = &url.URL{}
	}
	q := p.Query()
	o := Origin{Source: Direct, Keyword: clip(q.Get("utm_term"), 100), Campaign: clip(first(q.Get("utm_campaign"), q.Get("utm_source")), 100)}
	for _, c := range clicks {
		if o.Campaign == "" && q.Get(c.param) != "" {
			o.Campaign = c.name
		}
	}
	if r, err := url.Parse(referrer); err == nil && r.Host != "" && !sameSite(r.Hostname(), p.Hostname()) {
		o.Referrer, o.Source = clip(referrer, 500), Referral
		host := "." + r.Hostname()
		for _, e := range engines {
			if strings.Contains(host, "."+e.host) {
				o.Source, o.Engine = Search, e.name
				for _, param := range e.params {
					o.Keyword = first(o.Keyword, clip(r.Query().Get(param), 100))
				}
				break
			}
		}
	}
	if o.Campaign != "" {
		o.Source = Campaign
	}
	return o
}

// sameSite takes www.example.com and example.com for one.
func sameSite(a, b string) bool {
	return strings.EqualFold(strings.TrimPrefix(a, "www."), strings.TrimPrefix(b, "www."))
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// clip keeps n characters of valid text without control characters.
func clip(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(strings.TrimSpace(s)); len(r) > n {
		return string(r[:n])
	}
	return strings.TrimSpace(s)
}
