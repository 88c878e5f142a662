package rest

import "parlor/internal/front/httpx"

var canned = map[string][]Canned{
	"zh-CN": {
		{"hello", "问候", "您好，请问有什么可以帮您？"},
		{"wait", "请稍候", "请稍等，我马上为您核实。"},
		{"order", "询问订单号", "麻烦您提供一下订单号，我帮您查询。"},
		{"ship", "物流说明", "您的订单已经发出，一般 2–3 天送达，物流信息会同步更新。"},
		{"refund", "退款说明", "退款已经提交，预计 3–5 个工作日原路退回。"},
		{"invoice", "发票", "电子发票会在确认收货后 24 小时内发送到您的邮箱。"},
		{"sorry", "致歉", "非常抱歉给您带来不便，我们会尽快为您处理。"},
		{"bye", "结束语", "感谢您的咨询，祝您生活愉快！"},
	},
	"en": {
		{"hello", "Greeting", "Hello! How can I help you?"},
		{"wait", "One moment", "One moment, please. I'm looking into it."},
		{"order", "Ask for the order number", "Could you give me your order number? I'll check it right away."},
		{"ship", "Shipping", "Your order is on its way. Delivery usually takes two to three days."},
		{"refund", "Refund", "Your refund has been issued. It should arrive within three to five business days."},
		{"invoice", "Invoice", "We'll e-mail your invoice within 24 hours of delivery."},
		{"sorry", "Apology", "I'm sorry for the trouble. We'll sort this out as quickly as we can."},
		{"bye", "Goodbye", "Thank you for writing to us. Have a great day!"},
	},
	"pt-BR": {
		{"hello", "Saudação", "Olá! Como posso ajudar?"},
		{"wait", "Um momento", "Um momento, por favor. Já estou verificando."},
		{"order", "Pedir o número do pedido", "Pode me informar o número do pedido? Vou consultar agora mesmo."},
		{"ship", "Entrega", "Seu pedido já foi enviado. A entrega costuma levar de dois a três dias."},
		{"refund", "Reembolso", "Seu reembolso foi solicitado e deve cair em três a cinco dias úteis."},
		{"invoice", "Nota fiscal", "A nota fiscal será enviada por e-mail em até 24 horas após a entrega."},
		{"sorry", "Desculpas", "Peço desculpas pelo transtorno. Vamos resolver o quanto antes."},
		{"bye", "Despedida", "Obrigado pelo contato. Tenha um ótimo dia!"},
	},
}

// FixedCanned returns the built-in canned replies in the language that fits accept.
func FixedCanned(accept string) []Canned { return canned[httpx.Language(accept)] }
