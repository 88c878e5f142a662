// Believable data for the development backend: colleagues, teams, canned replies and some thousand conversations.
const day = 86_400_000
const ZH = ['周雨桐', '王晓琳', '赵敏', '陈思齐', '黄梓涵', '李浩然', '孙若曦', '林婉清', '高子墨', '郑一诺', '何嘉怡', '罗俊熙']
const EN = ['Olivia Hart', 'Noah Bennett', 'Grace Whitfield', 'Ethan Cole', 'Amelia Price', 'Leo Marsh']
const PT = ['Thiago Nogueira', 'Juliana Castro', 'João Pedro Lima', 'Larissa Prado', 'Rafael Moura', 'Camila Teixeira']
const NAMES = [...ZH, ...EN, ...PT]
const ASKS = {
  zh: ['我的快递三天没有更新物流信息了。', '发票抬头写错了，能重开吗？', '请问这个型号什么时候能补货？', '刚才付款成功但订单还是待支付。', '可以帮我把收货地址改到公司吗？', '优惠券结算时用不了，提示不满足条件。', '好的，谢谢你！', '灯收到了，但是底座有一道划痕，怎么退换？'],
  en: ['How do I change the delivery address?', 'The lamp flickers on the lowest setting.', 'Is the 24-inch version back in stock soon?', 'Thanks, that worked!', 'My order still says “awaiting payment”.', 'Can I get an invoice with my company name?'],
  pt: ['Paguei com Pix mas não recebi a confirmação.', 'Vocês entregam em Florianópolis?', 'Obrigada, deu certo!', 'O pedido 10482 ainda não saiu para entrega.', 'Posso trocar por outra cor?'],
}
const REPLIES = {
  zh: ['您好，我来帮您看一下，请稍等。', '已经帮您联系仓库，预计明天更新物流。', '可以的，请把正确的抬头发给我。', '不客气，还有其他问题随时找我。'],
  en: ['Hi! Let me have a look for you.', 'I have asked the warehouse; you will see an update tomorrow.', 'Sure, please send me the correct company name.', 'You are welcome!'],
  pt: ['Oi! Já estou verificando para você.', 'Falei com o depósito; a atualização sai amanhã.', 'Claro, pode me mandar os dados corretos?', 'De nada, estou à disposição!'],
}
const langOf = (name) => (ZH.includes(name) ? 'zh' : EN.includes(name) ? 'en' : 'pt')
const iso = (t) => new Date(t).toISOString()
export const PAGES = [['/demo/', '极光灯饰 · 首页'], ['/demo/lamp-aurora.html', 'Aurora 24″ 台灯'], ['/demo/cart.html', '购物车'], ['/demo/checkout.html', '结算']]

export const TEAMS = [{ id: 't1', name: '售前咨询' }, { id: 't2', name: '售后服务' }, { id: 't3', name: 'Português' }]
export const CANNED = {
  zh: [['hello', '问候', '您好，请问有什么可以帮您？'], ['refund', '退款时间', '退款已提交，预计 3–5 个工作日到账。'], ['track', '物流查询', '这是您的物流链接，点击即可查看最新进度：https://example.com/track'], ['hold', '请稍等', '请稍等，我和仓库确认一下。'], ['invoice', '开发票', '请提供发票抬头和税号，我马上为您开具。'], ['bye', '结束语', '感谢您的咨询，祝您生活愉快！']],
  en: [['hello', 'Greeting', 'Hello! How can I help you today?'], ['refund', 'Refund time', 'Your refund is on its way; it takes 3–5 working days.'], ['track', 'Tracking', 'Here is your tracking link: https://example.com/track'], ['hold', 'One moment', 'One moment please, I am checking with the warehouse.'], ['invoice', 'Invoice', 'Please send me the company name and tax number for the invoice.'], ['bye', 'Closing', 'Thank you for getting in touch. Have a lovely day!']],
  pt: [['hello', 'Saudação', 'Olá! Como posso ajudar?'], ['refund', 'Prazo de reembolso', 'O reembolso já foi solicitado e leva de 3 a 5 dias úteis.'], ['track', 'Rastreio', 'Aqui está o link de rastreio: https://example.com/track'], ['hold', 'Um momento', 'Um momento, por favor, estou confirmando com o depósito.'], ['invoice', 'Nota fiscal', 'Me envie a razão social e o CNPJ para a nota, por favor.'], ['bye', 'Despedida', 'Obrigado pelo contato. Tenha um ótimo dia!']],
}

/** Small deterministic random source, so that two runs show the same screens. */
function random(seed) {
  let s = seed
  return () => ((s = (s * 1664525 + 1013904223) % 4294967296) / 4294967296)
}

/** Fills a world with agents, visitors and `count` conversations, newest first. */
export function seed(count) {
  const r = random(7)
  const pick = (list) => list[Math.floor(r() * list.length)]
  const now = Date.now()
  const agents = [
    ['a1', '林晓', 'lin@demo.parlor', ['t1', 't2'], 'ready', 8], ['a2', '陈佳', 'chen@demo.parlor', ['t2'], 'ready', 6],
    ['a3', 'Marcos Lima', 'marcos@demo.parlor', ['t3'], 'ready', 6], ['a4', 'Grace Whitfield', 'grace@demo.parlor', ['t1'], 'busy', 6],
    ['a5', '王博', 'wang@demo.parlor', ['t1', 't2'], 'away', 6],
  ].map(([agent, name, email, teams, state, cap], i) => ({
    agent, name, email, teams, state, cap, since: iso(now - 40 * 60_000), connected: i !== 0, open: [0, 4, 2, 6, 0][i],
    lastAssignedAt: iso(now - 5 * 60_000), idleSince: iso(now - 9 * 60_000), ...(state === 'away' ? { reason: 'lunch' } : {}),
  }))
  const visitors = new Map()
  const conversations = new Map()
  for (let i = 0; i < count; i++) {
    const name = i < 8 ? ['周雨桐', 'Juliana Castro', '王晓琳', '赵敏', 'Olivia Hart', '陈思齐', 'João Pedro Lima', '黄梓涵'][i] : pick(NAMES)
    const lang = langOf(name)
    const at = now - (i < 10 ? i * 67_000 + 9_000 : 600_000 + i * 97_000)
    const v = {
      id: 'v' + i, inbox: 'main', name, locale: { zh: 'zh-CN', en: 'en', pt: 'pt-BR' }[lang], ip: `203.0.113.${i % 250}`,
      os: pick(['Windows 11', 'macOS 15', 'Android 15', 'iOS 18']), browser: pick(['Chrome 156', 'Safari 18', 'Edge 155', 'Firefox 140']), mobile: r() > 0.6,
      referrer: 'https://www.example.com/search?q=lamp', visits: 1 + Math.floor(r() * 9), firstSeen: iso(now - 30 * day * r() - day), lastSeen: iso(at),
      ...(i % 3 === 0 ? { email: `visitor${i}@example.com`, phone: '+86 138 0013 8000' } : {}), ...(i === 0 ? { memo: '老客户，喜欢暖光。' } : {}),
    }
    visitors.set(v.id, v)
    const status = i < 6 ? 'open' : i < 9 || (i < count * 0.1 && i % 7 === 0) ? 'queued' : i < count * 0.6 ? 'open' : 'closed'
    const mine = i < 6 || (i < 40 && i % 3 === 0)
    const owner = status === 'queued' ? null : mine ? agents[0] : agents[1 + (i % 3)]
    const unread = i === 0 || i === 3 || i === 7 ? (i % 3) + 1 : 0
    const c = {
      id: 'c' + i, inbox: 'main', channel: 'web', visitor: v.id, visitorName: name, status, priority: 0, version: 3,
      ...(owner ? { agent: owner.agent, agentName: owner.name, assignedAt: iso(at - 20 * 60_000) } : {}), team: lang === 'pt' ? 't3' : i % 2 ? 't2' : 't1',
      pageUrl: 'http://127.0.0.1' + PAGES[i % 4][0], pageTitle: PAGES[i % 4][1], createdAt: iso(at - 30 * 60_000), queuedAt: iso(at - (status === 'queued' ? 45_000 * (i - 5) : 30 * 60_000)),
      ...(status === 'closed' ? { closedAt: iso(at), endBy: 'agent' } : {}),
      lastSeq: 0, visibleSeq: 0, lastAt: iso(at), lastText: pick(ASKS[lang]), lastKind: 'text', lastFrom: unread || status === 'queued' || r() > 0.4 ? 'visitor' : 'agent',
      agentRead: 0, visitorRead: 0, unread, ...(unread || status === 'queued' ? { waitingSince: iso(at - (status === 'queued' ? 45_000 * (i - 5) : 0)) } : {}),
    }
    c.lastSeq = c.visibleSeq = i === 0 ? 128 : 12 + (i % 20)
    c.agentRead = c.lastSeq - unread
    c.visitorRead = c.lastSeq - 2
    conversations.set(c.id, c)
  }
  return { agents, visitors, conversations }
}

/** Writes the messages of a seeded conversation; the last one agrees with its list row. */
export function history(c, agents) {
  const lang = langOf(c.visitorName)
  const out = []
  const end = Date.parse(c.lastAt)
  let prev = 0
  for (let seq = 1; seq <= c.lastSeq; seq++) {
    const at = iso(end - (c.lastSeq - seq) * (seq < c.lastSeq - 60 ? 3_600_000 : 130_000))
    const base = { id: `${c.id}m${seq}`, conversation: c.id, seq, prev, at }
    const agent = { kind: 'agent', id: c.agent ?? 'a2', name: c.agentName ?? agents[1].name }
    const last = seq === c.lastSeq
    if (seq === 1) out.push({ ...base, kind: 'event', from: { kind: 'system' }, line: { name: 'assigned', agent: agent.id, agentName: agent.name, rule: 'rotation' } })
    else if (seq === c.lastSeq - 6) out.push({ ...base, kind: 'event', from: { kind: 'system' }, line: { name: 'assigned', agent: agent.id, agentName: agent.name, rule: 'last_served' } })
    else if (seq === c.lastSeq - 4) out.push({ ...base, kind: 'note', from: { kind: 'agent', id: 'a2', name: agents[1].name }, text: { zh: '老客户，退款 200 元以内可直接批。', en: 'Refund up to 200 is approved, keep the tone light.', pt: 'Reembolso de até R$ 200 já aprovado.' }[lang] })
    else if (seq === c.lastSeq - 5 && c.id === 'c0') out.push({ ...base, kind: 'image', from: { kind: 'visitor', id: c.visitor, name: c.visitorName }, file: { id: 'f0', name: '台灯底座.svg', type: 'image/svg+xml', size: 18_231, width: 640, height: 420, url: '/files/f0', thumb: '/files/f0' } })
    else if (seq === c.lastSeq - 3 && c.id === 'c0') out.push({ ...base, kind: 'file', from: agent, file: { id: 'f1', name: '退换货说明.pdf', type: 'application/pdf', size: 231_424, url: '/files/f1' } })
    else {
      const visitor = last ? c.lastFrom === 'visitor' : seq % 3 !== 0
      const list = (visitor ? ASKS : REPLIES)[lang]
      out.push({ ...base, kind: 'text', from: visitor ? { kind: 'visitor', id: c.visitor, name: c.visitorName } : agent, text: last ? c.lastText : list[(seq * 5 + c.lastSeq) % list.length] })
    }
    if (out.at(-1).kind !== 'note') prev = seq
  }
  return out
}
export const ask = (name, n) => ASKS[langOf(name)][n % ASKS[langOf(name)].length]
