package canned

import (
	"context"

	"parlor/internal/errs"
	"parlor/internal/id"
)

// seeds are the replies that every company begins with: language, shortcut,
// title, text.
var seeds = [][4]string{
	{"zh-CN", "hello", "问候", "您好，请问有什么可以帮您？"},
	{"zh-CN", "wait", "请稍候", "请稍等，我马上为您核实。"},
	{"zh-CN", "order", "询问订单号", "麻烦您提供一下订单号，我帮您查询。"},
	{"zh-CN", "ship", "物流说明", "您的订单已经发出，一般 2–3 天送达，物流信息会同步更新。"},
	{"zh-CN", "refund", "退款说明", "退款已经提交，预计 3–5 个工作日原路退回。"},
	{"zh-CN", "invoice", "发票", "电子发票会在确认收货后 24 小时内发送到您的邮箱。"},
	{"zh-CN", "sorry", "致歉", "非常抱歉给您带来不便，我们会尽快为您处理。"},
	{"zh-CN", "bye", "结束语", "感谢您的咨询，祝您生活愉快！"},
	{"en", "hello", "Greeting", "Hello! How can I help you?"},
	{"en", "wait", "One moment", "One moment, please. I'm looking into it."},
	{"en", "order", "Ask for the order number", "Could you give me your order number? I'll check it right away."},
	{"en", "ship", "Shipping", "Your order is on its way. Delivery usually takes two to three days."},
	{"en", "refund", "Refund", "Your refund has been issued. It should arrive within three to five business days."},
	{"en", "invoice", "Invoice", "We'll e-mail your invoice within 24 hours of delivery."},
	{"en", "sorry", "Apology", "I'm sorry for the trouble. We'll sort this out as quickly as we can."},
	{"en", "bye", "Goodbye", "Thank you for writing to us. Have a great day!"},
	{"pt-BR", "hello", "Saudação", "Olá! Como posso ajudar?"},
	{"pt-BR", "wait", "Um momento", "Um momento, por favor. Já estou verificando."},
	{"pt-BR", "order", "Pedir o número do pedido", "Pode me informar o número do pedido? Vou consultar agora mesmo."},
	{"pt-BR", "ship", "Entrega", "Seu pedido já foi enviado. A entrega costuma levar de dois a três dias."},
	{"pt-BR", "refund", "Reembolso", "Seu reembolso foi solicitado e deve cair em três a cinco dias úteis."},
	{"pt-BR", "invoice", "Nota fiscal", "A nota fiscal será enviada por e-mail em até 24 horas após a entrega."},
	{"pt-BR", "sorry", "Desculpas", "Peço desculpas pelo transtorno. Vamos resolver o quanto antes."},
	{"pt-BR", "bye", "Despedida", "Obrigado pelo contato. Tenha um ótimo dia!"},
}

// companyReplies is the shelf that is seeded.
var companyReplies = Shelf{Kind: Reply, Scope: Company}

// Seed gives a company the built-in replies, once in its life: what it deletes
// stays deleted. It may be called at every start and by several nodes at once.
func (s *Service) Seed(ctx context.Context, t id.Tenant) (err error) {
	defer errs.Wrap(&err, "canned.Seed")
	shelf := companyReplies
	now := s.clock.Now()
	list := make([]Entry, len(seeds))
	for i, x := range seeds {
		list[i] = Entry{ID: id.New(), Tenant: t, Shelf: shelf, Language: x[0], Shortcut: x[1], Title: x[2], Text: x[3],
			Initials: Initials(x[2]), CreatedAt: now, UpdatedAt: now}
	}
	seeded, err := s.store.SeedCanned(ctx, t, list, now)
	if err == nil && seeded {
		s.changed(t, shelf)
	}
	return err
}
