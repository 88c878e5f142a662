package demo

import (
	"context"

	"parlor/internal/knowledge"
)

// chapter is a category of the knowledge base.
type chapter struct {
	name     string
	articles []article
}

type article struct {
	title     string
	questions []string
	answer    string
	link      [2]string // address and title
	// related are titles of articles that stand earlier.
	related []string
}

// chapters are what the demo company knows.
var chapters = []chapter{
	{"选购与安装", []article{
		{title: "客厅用多大的吊灯合适", questions: []string{"吊灯尺寸怎么选", "多大的灯适合客厅", "灯的直径怎么算"},
			answer: "按客厅面积来选：\n15 平方米以下，直径 40 到 50 厘米；\n15 到 25 平方米，直径 60 到 80 厘米；\n25 平方米以上，直径 80 厘米以上，或者用两盏。"},
		{title: "层高不够能装吊灯吗", questions: []string{"2.6 米层高可以装 Orbit 吗", "吊线长度可以调吗", "吊灯离地多高"},
			answer: "可以。Orbit 吊灯的吊线可在 30 到 120 厘米之间调节，安装后灯底离地建议不低于 2 米；餐桌上方以离桌面 70 厘米左右为宜。", related: []string{"客厅用多大的吊灯合适"}},
		{title: "安装怎么收费", questions: []string{"安装费多少钱", "可以上门安装吗", "包安装吗", "怎么预约安装"},
			answer: "市区免费上门安装，郊区加收 60 元。收货后在“我的订单”里预约，师傅会在 48 小时内联系您。\n原来的灯需要拆除时请提前说明，拆除不另收费。", related: []string{"层高不够能装吊灯吗"}},
		{title: "色温怎么选", questions: []string{"3000K 和 4000K 有什么区别", "暖光还是白光", "看书用什么光"},
			answer: "卧室和餐厅建议 3000K 暖光，客厅 3500K，书桌和厨房 4000K。Aurora 系列台灯可以在 2700K 到 5000K 之间无级调节。"},
	}},
	{"订单与物流", []article{
		{title: "下单后多久发货", questions: []string{"什么时候发货", "几天能发出", "今天下单什么时候能发"},
			answer: "现货在付款后 24 小时内发出，周末顺延到周一。预售商品按商品页上写的日期发出，发货后会有短信通知。"},
		{title: "怎么查物流", questions: []string{"快递到哪里了", "物流信息不更新", "我的包裹呢", "查快递"},
			answer: "打开“我的订单”，点“查看物流”就能看到。物流三天没有更新时请把订单号发给我们，我们向快递公司核实。", link: [2]string{"https://aurora.example/orders", "我的订单"},
			related: []string{"下单后多久发货"}},
		{title: "可以修改收货地址吗", questions: []string{"地址填错了", "换个地址收货", "改电话号码"},
			answer: "发货前可以在“我的订单”里自己修改。已经发货的订单请联系人工客服，我们请快递公司改派，改派一般晚一到两天送到。", link: [2]string{"https://aurora.example/orders", "我的订单"}},
		{title: "如何开发票", questions: []string{"可以开发票吗", "电子发票在哪里下载", "发票抬头写错了怎么重开", "能开专票吗"},
			answer: "下单时勾选“需要发票”即可，确认收货后 24 小时内发到您的邮箱。抬头有误时把正确的抬头和税号发给客服，可以免费重开一次。专用发票需要先上传开票资料。"},
	}},
	{"售后服务", []article{
		{title: "如何退货", questions: []string{"我想退货", "不想要了可以退吗", "退货流程是什么", "退货运费谁出"},
			answer: "签收后 7 天内，灯具没有安装使用、包装完整，就可以无理由退货：\n1. 在“我的订单”里点“申请退货”；\n2. 审核通过后按短信里的地址寄回；\n3. 仓库收到后 2 个工作日内退款。\n质量问题的运费由我们承担，其他情况运费自理。",
			link:   [2]string{"https://aurora.example/returns", "退换货说明"}},
		{title: "退款多久到账", questions: []string{"钱什么时候退给我", "退款几天到", "没收到退款"},
			answer: "仓库收到退货后 2 个工作日内原路退回。微信和支付宝一般当天到账，银行卡要 3 到 5 个工作日。", related: []string{"如何退货"}},
		{title: "灯不亮了怎么办", questions: []string{"台灯不亮", "灯坏了", "灯泡闪", "吊灯有一圈不亮"},
			answer: "请先检查这三处：\n1. 墙上的开关和插座是否有电；\n2. 调光旋钮是否拧到了最低；\n3. 灯泡是否拧紧。\n还是不亮的话，请把订单号和一段小视频发给我们，保修期内免费换新。", related: []string{"如何退货"}},
		{title: "保修期是多长", questions: []string{"质保几年", "保修多久", "过保了能修吗"},
			answer: "整灯保修两年，LED 光源和驱动保修五年，从签收之日算起。过了保修期也可以寄回维修，只收配件费。", related: []string{"灯不亮了怎么办"}},
	}},
}

// learn fills the knowledge base.
func (f *filler) learn(ctx context.Context, store knowledge.Store) error {
	base := knowledge.New(store, nil, f.silent, f.clock)
	who, ids := f.agents[0], map[string]string{}
	for i, c := range chapters {
		category, err := base.SaveCategory(ctx, who, "", knowledge.CategoryInput{Name: c.name, Sort: i})
		if err != nil {
			return err
		}
		for _, a := range c.articles {
			in := knowledge.ArticleInput{Category: category.ID, Title: a.title, Questions: a.questions, Answer: a.answer, Link: a.link[0], LinkTitle: a.link[1], Active: true}
			for _, title := range a.related {
				in.Related = append(in.Related, ids[title])
			}
			made, err := base.Add(ctx, who, in)
			if err != nil {
				return err
			}
			ids[a.title] = made.ID
		}
	}
	return nil
}
