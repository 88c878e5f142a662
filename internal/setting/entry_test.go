package setting_test

import (
	"strings"
	"testing"

	"parlor/internal/errs"
	"parlor/internal/setting"
)

func TestRow74RegionsOfATeam(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		regions string
		place   [3]string
		want    bool
	}{
		{"", [3]string{}, true},
		{"浙江", [3]string{"CN", "浙江省", "杭州市"}, true},
		{"浙江省", [3]string{"CN", "浙江省", ""}, true},
		{"杭州", [3]string{"CN", "浙江省", "杭州市"}, true},
		{"杭州市 宁波市", [3]string{"CN", "浙江省", "宁波市"}, true},
		{"内蒙古自治区", [3]string{"CN", "内蒙古", "包头市"}, true},
		{"香港特别行政区", [3]string{"CN", "香港", ""}, true},
		{"cn", [3]string{"CN", "", ""}, true},
		{"BR US", [3]string{"BR", "", ""}, true},
		{"浙江", [3]string{"CN", "福建省", "福州市"}, false},
		{"浙江", [3]string{"CN", "", ""}, false},
		{"浙江", [3]string{"", "", ""}, false},
		{"市", [3]string{"CN", "浙江省", ""}, false},
	} {
		team := setting.Team{Regions: strings.Fields(c.regions)}
		if got := team.Serves(c.place[0], c.place[1], c.place[2]); got != c.want {
			t.Errorf("%q for %v: %v", c.regions, c.place, got)
		}
	}
	for name, list := range map[string][]string{"empty": {" "}, "long": {strings.Repeat("长", 61)}, "many": make([]string, 101)} {
		if err := (setting.Team{Regions: list}).Check(); errs.FieldOf(err) != "regions" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRow99AdvertsBySlotAndWeight(t *testing.T) {
	t.Parallel()
	look := setting.Look{Ads: []setting.Ad{{Slot: setting.SlotPoint, Text: setting.Text{"": "a"}}, {Slot: setting.SlotPoint, Text: setting.Text{"": "off"}, Off: true},
		{Slot: setting.SlotPoint, Text: setting.Text{"": "b"}, Weight: 3}, {Slot: setting.SlotImage, Text: setting.Text{"": "c"}}}}
	count := map[string]int{}
	for draw := range uint(400) {
		ad, ok := look.Advert(setting.SlotPoint, draw)
		if !ok {
			t.Fatal("the slot is empty")
		}
		count[ad.Text.In("en")]++
	}
	if count["a"] != 100 || count["b"] != 300 || len(count) != 2 {
		t.Fatalf("%v", count)
	}
	if _, ok := look.Advert(setting.SlotInvite, 0); ok {
		t.Fatal("an empty slot has an advert")
	}
	for field, ad := range map[string]setting.Ad{
		"look.ads.0.slot":   {Slot: "top", Text: setting.Text{"": "x"}},
		"look.ads.0":        {Slot: "point"},
		"look.ads.0.weight": {Slot: "point", Image: "f", Weight: 101},
		"look.ads.0.image":  {Slot: "point", Image: "../x"},
	} {
		if err := (setting.Inbox{Look: setting.Look{Ads: []setting.Ad{ad}}}).Check(); errs.FieldOf(err) != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for link, good := range map[string]bool{"https://shop.example.com/sale?x=1": true, "http://a.example": true, "javascript:alert(1)": false, "//a.example": false,
		"data:text/html,x": false, "https://u:p@a.example": false, "/sale": false, "https://a.example/" + strings.Repeat("x", 1000): false} {
		err := (setting.Inbox{Look: setting.Look{Ads: []setting.Ad{{Slot: "point", Image: "f", Link: link}}}}).Check()
		if (err == nil) != good || !good && errs.FieldOf(err) != "look.ads.0.link" {
			t.Errorf("%q: %v", link, err)
		}
	}
	for _, list := range []setting.TeamList{{Shown: 51}, {Agents: 21}, {Title: setting.Text{"fr": "x"}}} {
		if err := (setting.Inbox{Look: setting.Look{TeamList: list}}).Check(); !strings.HasPrefix(errs.FieldOf(err), "look.teamList.") {
			t.Errorf("%+v: %v", list, err)
		}
	}
}
