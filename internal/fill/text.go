package fill

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// The words that texts are made of. {p} is a product, {n} a number, {c} a city.
var (
	visitorTexts = []string{
		"您好，我想问一下{p}什么时候发货？", "订单{n}还没有收到，麻烦帮我查一下物流", "{p}有现货吗？我在{c}", "收到的{p}有一点破损，可以换货吗",
		"请问{p}可以开发票吗？抬头是公司", "我想退款，订单号是{n}", "优惠券用不了，提示已经过期", "好的，谢谢您的帮助！", "{c}到货要几天？运费怎么算",
		"支付的时候一直失败，银行卡尾号{n}", "这个{p}跟上一款有什么区别？", "能不能修改收货地址，改成{c}", "在吗？我等了很久了", "{p}的质保期是多久",
		"Hello, is the {p} still available?", "My order {n} has not arrived yet, can you check?", "Do you ship to {c}? How long does it take?",
		"The {p} I received is damaged, I would like to return it", "Thanks, that helps a lot!", "可以，那我再考虑一下{p}", "帮我转一下技术客服吧，{p}连不上网络",
		"安装师傅什么时候联系我？订单{n}", "想批量采购{n}台{p}，有没有折扣", "会员积分怎么没有到账", "你们{c}门店几点关门？",
	}
	agentTexts = []string{
		"您好，很高兴为您服务，请问有什么可以帮您？", "请稍等，我帮您查询一下订单{n}", "{p}今天下单，预计明天从{c}仓库发出", "非常抱歉给您带来不便，这边马上为您处理",
		"发票会在发货后三个工作日内发送到您的邮箱", "您的退款申请已经提交，一到三个工作日原路退回", "{c}地区一般两到三天送达，运费{n}元", "已经为您修改好收货地址，请您核对一下",
		"请您提供一下破损部位的照片，我们安排换货", "感谢您的耐心等待，物流显示包裹已经到达{c}", "{p}的质保期是两年，全国联保", "请问还有其他可以帮到您的吗？祝您生活愉快",
		"Let me check order {n} for you, one moment please", "The {p} is in stock and ships from {c} tomorrow", "I have refunded it, you will see it in a few days",
		"Is there anything else I can help with?", "这边给您转接技术同事，请稍候", "批量采购满{n}台可以享受折扣，我发报价单给您", "优惠券已经为您重新发放，请刷新页面",
		"安装师傅会在二十四小时内与您联系", "积分一般在确认收货后到账，麻烦您再等一等",
	}
	comments  = []string{"服务很好", "回复很快，非常满意", "等待时间有点长", "问题解决了", "Very helpful", "态度一般", "希望改进物流", ""}
	products  = []string{"吊灯", "落地灯", "智能音箱", "空气净化器", "扫地机器人", "蓝牙耳机", "机械键盘", "显示器", "路由器", "投影仪", "电饭煲", "咖啡机", "desk lamp", "USB hub", "儿童手表", "行李箱", "跑步机", "麒麟台灯"}
	cities    = []string{"北京", "上海", "广州", "深圳", "杭州", "成都", "武汉", "西安", "南京", "苏州", "天津", "重庆", "青岛", "哈尔滨", "São Paulo", "Berlin"}
	pages     = []string{"", "cart", "products/lamps", "products/audio", "help/shipping", "help/returns", "account/orders"}
	systems   = []string{"Windows", "macOS", "Android", "iOS", "Linux"}
	browsers  = []string{"Chrome", "Edge", "Safari", "Firefox", "WeChat"}
	surnames  = []string{"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林"}
	givens    = []string{"伟", "芳", "娜", "敏", "静", "磊", "洋", "艳", "勇", "军", "杰", "雨桐", "子涵", "欣怡", "浩然", "晓明"}
	teamNames = []string{"售前", "售后", "技术支持", "物流", "财务", "大客户", "华东", "华南", "华北", "海外 Overseas", "会员", "投诉"}
	tagNames  = []string{"发货", "退款", "换货", "投诉", "咨询", "发票", "安装", "优惠", "VIP", "支付"}
	things    = []string{"inbox", "team", "agent", "tenant"}
	levels    = []struct {
		code  string
		score int
	}{{"5", 100}, {"5", 100}, {"4", 75}, {"3", 50}, {"1", 0}}
)

// rare is a word that few texts hold; one in rareEvery does.
const (
	rare      = "琥珀"
	rareEvery = 50_000
)

func pick(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

// person is a made-up name.
func person(r *rand.Rand) string { return pick(r, surnames) + pick(r, givens) }

// text fills a template of the list in.
func (m *maker) text(list []string) string {
	t := pick(m.rand, list)
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(t, "{")
		b.WriteString(before)
		if !found {
			break
		}
		switch rest[0] {
		case 'p':
			b.WriteString(pick(m.rand, products))
		case 'c':
			b.WriteString(pick(m.rand, cities))
		default:
			b.WriteString(strconv.Itoa(10000 + m.rand.IntN(9_000_000)))
		}
		t = rest[2:]
	}
	if m.rand.IntN(rareEvery) == 0 {
		b.WriteString(rare)
	}
	return b.String()
}
