package demo

import (
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/knowledge"
	"parlor/internal/store/storetest"
)

// Each wording of the demo company finds its own article, and questions that are put
// in other words do so too.
func TestDemoQuestionsFindTheirArticle(t *testing.T) {
	t.Parallel()
	st := storetest.SQLite(t)
	f := &filler{clock: clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)), silent: memory.New()}
	f.accounts = account.New(st, f.silent, f.clock)
	if _, err := f.accounts.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := f.company(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	if err := f.learn(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	base := knowledge.New(st, nil, f.silent, f.clock)
	find := func(text, title string, least int) {
		t.Helper()
		list, err := base.Find(t.Context(), account.MainTenant, knowledge.Query{Text: text, Inbox: account.MainInbox, Locale: "zh-CN", Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 || list[0].Article.Title != title || list[0].Score < least || len(list) > 1 && list[1].Score == 100 {
			t.Errorf("%q does not find %q: %+v", text, title, list)
		}
	}
	articles := 0
	for _, c := range chapters {
		for _, a := range c.articles {
			articles++
			find(a.title, a.title, 100)
			for _, q := range a.questions {
				find(q, a.title, 100)
			}
		}
	}
	if articles != 12 || len(chapters) != 3 {
		t.Fatalf("%d articles in %d chapters", articles, len(chapters))
	}
	for question, title := range map[string]string{
		"你好，我想退货怎么操作": "如何退货", "退款什么时候到账": "退款多久到账", "我的台灯不亮了": "灯不亮了怎么办", "上门安装要钱吗": "安装怎么收费", "发票怎么开": "如何开发票",
		"物流好几天不更新了": "怎么查物流", "我地址填错了怎么办": "可以修改收货地址吗", "你们多久发货": "下单后多久发货", "这个灯保修几年": "保修期是多长",
	} {
		find(question, title, 45)
	}
}
