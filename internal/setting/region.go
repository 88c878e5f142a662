package setting

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of the regions of a team.
const (
	maxRegions    = 100
	maxRegionName = 60 // characters
)

// endings are what names of Chinese regions may be written with or without.
var endings = []string{"壮族自治区", "回族自治区", "维吾尔自治区", "特别行政区", "自治区", "自治州", "地区", "省", "市", "盟"}

// Serves reports whether visitors from a place are offered the team. country is
// an ISO code, province and city are names as package region gives them; what is
// not known is empty. A team without Regions serves everybody; one with Regions
// serves nobody whose place is not known.
func (t Team) Serves(country, province, city string) bool {
	if len(t.Regions) == 0 {
		return true
	}
	return slices.ContainsFunc(t.Regions, func(r string) bool {
		r = bare(r)
		return r != "" && (r == bare(country) || r == bare(province) || r == bare(city))
	})
}

// bare is a name as it is compared: without case and without its ending, unless
// nothing but one character would be left.
func bare(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, e := range endings {
		if short, ok := strings.CutSuffix(name, e); ok && utf8.RuneCountInString(short) > 1 {
			return short
		}
	}
	return name
}

func (c *check) regions(list []string) {
	c.number("regions", len(list), 0, maxRegions)
	for _, r := range list {
		if n := utf8.RuneCountInString(strings.TrimSpace(r)); n < 1 || n > maxRegionName || !utf8.ValidString(r) {
			c.fail("regions", "bad_region", "A region is a country code, a province or a city of 1 to %d characters.", maxRegionName)
		}
	}
}
