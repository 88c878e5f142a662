package demo

import (
	"fmt"

	"parlor/internal/setting"
)

// script is a past conversation.
type script struct {
	locale string
	pages  [][2]string
	lines  []line
}

type line struct {
	agent, note bool
	text        string
	// ext is the structured part.
	ext []byte
}

// windows are the pages of the demo company: its CRM, which shows orders.
var windows = setting.Windows{
	Pages: []setting.Window{{ID: "crm", Name: "CRM", Address: "/demo/crm.html", Sync: true}},
	Flags: []setting.WindowFlag{{Flag: "order-detail", Window: "crm", Label: setting.Text{"zh-CN": "查看订单", "en": "Show the order", "pt-BR": "Ver o pedido"}}},
	// The card of the visitor is what most people look for first.
	CardFirst: true,
}

// visitorOrder is a card of an order with the flag for the CRM.
func visitorOrder(title, number, name, price string) line {
	return line{ext: fmt.Appendf(nil, `{"weichat":{"interactiveFlag":"order-detail"},"msgtype":{"order":{"title":%q,"order_id":%q,"order_title":%q,"price":%q,"img_url":"/demo/icon.svg","item_url":"/demo/orders.html"}}}`,
		title, number, name, price)}
}

func visitorSays(s string) line { return line{text: s} }
func agentSays(s string) line   { return line{agent: true, text: s} }
func agentNotes(s string) line  { return line{agent: true, note: true, text: s} }

var greetings = map[string]string{
	"zh-CN": "您好！灯具选购、安装和售后，都可以在这里问我们。",
	"en":    "Hello! Ask us anything about lamps, delivery and returns.",
	"pt-BR": "Olá! Pergunte o que quiser sobre luminárias, entrega e trocas.",
}

var people = map[string][][2]string{
	"zh-CN": {{"王晓琳", "wangxl@example.com"}, {"陈思齐", "chensq@example.com"}, {"赵敏", ""}, {"黄梓涵", "hzh@example.com"}, {"刘洋", ""}, {"孙佳怡", "sunjy@example.com"}, {"吴昊", ""}, {"郑雅文", "zyw@example.com"}, {"何俊", ""}, {"徐婉清", "xuwq@example.com"}},
	"en":    {{"Olivia Hart", "olivia@example.com"}, {"James Porter", ""}, {"Priya Nair", "priya@example.com"}, {"Tom Becker", "tom@example.com"}, {"Grace Lin", ""}},
	"pt-BR": {{"Thiago Nogueira", "thiago@example.com"}, {"Juliana Castro", ""}, {"João Pedro Lima", "joao@example.com"}, {"Larissa Prado", "larissa@example.com"}, {"Marina Alves", ""}},
}

var devices = [][2]string{{"Chrome 156", "Windows"}, {"Safari 19", "macOS"}, {"WeChat 8", "iOS"}, {"Chrome 156", "Android"}, {"Edge 156", "Windows"}, {"Safari 19", "iOS"}, {"Firefox 148", "Linux"}}

var referrers = []string{"", "", "https://www.baidu.com/", "https://www.google.com/", "https://www.xiaohongshu.com/", "https://www.instagram.com/"}

var (
	home     = [2]string{"/demo/", "极光灯饰 Aurora Lighting"}
	aurora   = [2]string{"/demo/#/p/aurora-24", "Aurora 24 台灯"}
	orbit    = [2]string{"/demo/#/p/orbit", "Orbit 吊灯"}
	cart     = [2]string{"/demo/#/cart", "购物车"}
	checkout = [2]string{"/demo/#/checkout", "结算"}
)

var scripts = []script{
	{"zh-CN", [][2]string{home, aurora}, []line{
		visitorSays("你好，Aurora 24 这款台灯什么时候补货？"), agentSays("您好！这款台灯本周五到货，需要为您预留一台吗？"),
		visitorSays("要的，白色那款"), agentSays("好的，已经为您预留白色一台，到货后会短信通知您。"), visitorSays("好的，谢谢你！")}},
	{"zh-CN", [][2]string{home, cart, checkout}, []line{
		visitorSays("优惠券结算时用不了，提示不满足条件"), agentSays("您好，麻烦您提供一下优惠券的名称，我帮您看看。"), visitorSays("新人满 200 减 30"),
		agentSays("这张券只能用于正价商品，您购物车里有一件是特价。把特价商品分开下单就可以用了。"), visitorSays("明白了，可以了"), agentSays("感谢您的咨询，祝您生活愉快！")}},
	{"zh-CN", [][2]string{home}, []line{
		visitorSays("我的快递三天没有更新物流信息了"), visitorOrder("我想咨询这个订单", "A-1009", "极光 24 台灯", "¥899"), agentSays("您好，我马上为您核实，请稍等。"),
		agentNotes("已联系顺丰，包裹在中转站滞留，今天会派送。"), agentSays("查到了，包裹在中转站滞留，今天下午会安排派送，给您带来不便非常抱歉。"), visitorSays("好的，谢谢")}},
	{"zh-CN", [][2]string{home, orbit}, []line{
		visitorSays("Orbit 吊灯可以装在 2.6 米层高的客厅吗？"), agentSays("可以的，吊线可以在 30 到 120 厘米之间调节，2.6 米层高建议离地 2 米左右。"),
		visitorSays("安装费怎么算？"), agentSays("市区免费上门安装，郊区加收 60 元。"), visitorSays("那我下单了")}},
	{"zh-CN", [][2]string{home, checkout}, []line{
		visitorSays("发票抬头写错了，能重开吗？"), agentSays("可以的，请把正确的抬头和税号发给我。"), visitorSays("杭州青禾科技有限公司 91330106MA2CXXXX1K"),
		agentSays("已经提交重开，电子发票会在 24 小时内发到您的邮箱。"), visitorSays("太好了")}},
	{"zh-CN", [][2]string{home, aurora}, []line{
		visitorSays("收到的台灯灯罩有裂痕"), agentSays("非常抱歉！可以拍张照片发给我吗？我们免费给您换一个灯罩。"), visitorSays("好，晚点拍"),
		agentSays("没问题，您方便的时候发过来就行。我先帮您登记换货。"), agentNotes("已登记换货 H-2231，等照片。")}},
	{"en", [][2]string{home, aurora}, []line{
		visitorSays("Hi, does the Aurora lamp come with a bulb?"), agentSays("Hello! Yes, a dimmable 9 W LED bulb is in the box."), visitorSays("Is it warm white?"),
		agentSays("It is 2700 K, a warm white. You can replace it with any E27 bulb."), visitorSays("Perfect, thanks!")}},
	{"en", [][2]string{home}, []line{
		visitorSays("I'd like to return a lamp I bought last week"), agentSays("Sure, returns are free within 30 days. Could you give me your order number?"),
		visitorOrder("I have a question about this order", "A-0987", "Drop pendant", "CN¥1,099"), agentSays("Thank you. I've sent a return label to your e-mail; the refund takes three to five business days."), visitorSays("Great, that was quick.")}},
	{"pt-BR", [][2]string{home, checkout}, []line{
		visitorSays("Paguei com Pix, mas não recebi a confirmação."), agentSays("Olá! Vou verificar agora mesmo. Pode me informar o número do pedido?"),
		visitorSays("É o 10377"), agentSays("Pagamento confirmado! O pedido sai para entrega amanhã de manhã."), visitorSays("Obrigada, deu certo!")}},
	{"pt-BR", [][2]string{home, orbit}, []line{
		visitorSays("Vocês entregam em Florianópolis?"), agentSays("Entregamos, sim! O prazo é de quatro dias úteis."), visitorSays("E o frete?"),
		agentSays("Acima de R$ 300 o frete é grátis."), visitorSays("Ótimo, vou comprar então.")}},
}
