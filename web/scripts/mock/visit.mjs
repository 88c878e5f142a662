// The visitor's card and the visitors' side of the development backend: own fields, summaries, ratings, who is online,
// invitations, left messages.
import { randomUUID } from 'node:crypto'

const now = () => new Date().toISOString()
const ago = (s) => new Date(Date.now() - s * 1_000).toISOString()

/** Adds the routes. `kit` is what mock-server.mjs shares. */
export function visit({ world, refuse, tell }) {
  const values = new Map([['v0', { order: '10482', level: '金卡', idcard: '3101********1234' }]])
  const FIELDS = [['order', '订单号', 'text'], ['level', '会员等级', 'choice', false, ['普通', '银卡', '金卡']], ['birthday', '生日', 'date'], ['idcard', '证件号', 'text', true]]
  const fieldsOf = (id, open) => ({ items: FIELDS.map(([key, name, kind, masked, options]) => ({ key, name, kind, ...(options ? { options } : {}), ...(masked ? { masked } : {}), value: masked && open ? '310101199001011234' : (values.get(id)?.[key] ?? '') })) })
  const types = [{ id: 's1', name: '售后', sort: 0, createdAt: now() }, { id: 's2', parent: 's1', name: '退换货', sort: 1, createdAt: now() }]
  const summaries = new Map()
  for (const [i, id] of ['c3500', 'c3600', 'c3700'].entries()) {
    const c = world.conversations.get(id)
    if (c) summaries.set(id, { conversation: id, visitor: c.visitor, visitorName: c.visitorName, agent: 'a1', agentName: '林晓', text: '底座有划痕，已安排补发，到货后回访。', class: 's2', state: 'open', followUp: { at: ago(86_400 - i * 90_000), kind: ['phone', 'wechat', 'email'][i], contact: '+86 138 0013 8000' }, createdAt: now(), updatedAt: now() })
  }
  const ratings = new Map([['c0', { conversation: 'c0', visitor: 'v0', visitorName: '周雨桐', inbox: 'main', score: 100, level: '1', agent: 'a1', agentName: '林晓', reasons: [], comment: '回复很快，谢谢！', asked: true, answeredAt: ago(600), link: '/survey/x' }]])
  const blank = (c) => ({ conversation: c.id, visitor: c.visitor, visitorName: c.visitorName, inbox: 'main', score: 0, reasons: [], link: '/survey/' + c.id })
  const left = [['周先生', 'form', '请问大货吊灯什么时候能发？我的订单号是 10482。', 'closed', 'zhou@example.com'], ['', 'missed', '', 'left', ''], ['Larissa Prado', 'form', 'Vocês têm a luminária em preto?', 'nobody', 'larissa@example.com']]
    .map(([name, kind, content, reason, email], i) => ({ id: 'l' + i, inbox: 'main', kind, name, content, reason, ...(email ? { email } : {}), ...(i === 0 ? { phone: '+86 139 0000 0000', fields: { 公司: '远光工程' } } : {}), url: 'http://127.0.0.1/demo/', title: '极光灯饰 · 首页', at: ago(3_600 * (i + 1)), state: 'notprocess' }))
  const online = [...world.visitors.values()].slice(0, 24).map((v, i) => ({
    visitor: v.id, inbox: 'main', name: v.name, visits: v.visits, os: v.os, browser: v.browser, mobile: v.mobile, locale: v.locale, since: ago(300 + i * 60), pageSince: ago(12 + i * 17), url: 'http://127.0.0.1/demo/product.html?id=luna', title: 'Luna 月球灯 · 极光灯饰',
    source: ['search', 'direct', 'referral', 'campaign'][i % 4], ...(i % 4 === 0 ? { engine: 'Baidu', keyword: '护眼台灯' } : {}), region: [{ country: '中国', province: '上海', city: '上海' }, { country: 'Brasil', province: 'São Paulo', city: 'Campinas' }, { country: '', province: '', city: '' }][i % 3], state: ['none', 'in_service', 'none', 'refused'][i % 4], invites: 0,
  }))
  const pick = (list, id) => { const x = list.find((y) => (y.id ?? y.visitor) === id); if (!x) throw refuse(404, 'not_found', 'not_found'); return x }

  const routes = [
    ['GET', '/visitors/:id/fields', ({ v, q }) => fieldsOf(v.id, q.get('reveal'))],
    ['PUT', '/visitors/:id/fields', ({ v, body }) => { values.set(v.id, { ...values.get(v.id), ...body.values }); return fieldsOf(v.id) }],
    ['GET', '/session-types', () => ({ items: types })],
    ['GET', '/conversations/:id/summary', ({ c }) => { if (!summaries.has(c.id)) throw refuse(404, 'not_found', 'summary_not_found'); return summaries.get(c.id) }],
    ['PUT', '/conversations/:id/summary', ({ c, body, me }) => {
      const s = { conversation: c.id, visitor: c.visitor, visitorName: c.visitorName, agent: me.agent, agentName: me.name, ...body, state: body.followUp ? 'open' : 'none', createdAt: now(), updatedAt: now() }
      summaries.set(c.id, s)
      return s
    }],
    ['POST', '/conversations/:id/summary/handled', ({ c, me }) => Object.assign(summaries.get(c.id), { state: 'handled', handledBy: me.name, handledAt: now() })],
    ['GET', '/followups', ({ q }) => ({ items: [...summaries.values()].filter((s) => s.state === 'open' && s.followUp.at < q.get('until')) })],
    ['GET', '/conversations/:id/survey', ({ c }) => ratings.get(c.id) ?? blank(c)],
    ['POST', '/conversations/:id/survey', ({ c }) => { ratings.set(c.id, { ...blank(c), asked: true }); return ratings.get(c.id) }],
    ['GET', '/inboxes', () => ({ items: [{ id: 'main', name: '极光灯饰' }] })],
    ['GET', '/surveys', () => ({ items: [...ratings.values()].filter((r) => r.answeredAt) })],
    ['GET', '/surveys/tally', () => ({ items: [{ level: '1', count: 7 }, { level: '5', count: 1 }] })],
    ['GET', '/surveys/words', () => ({ levels: [{ code: '1', text: { 'zh-CN': '非常满意', en: 'Very satisfied', 'pt-BR': 'Muito satisfeito' }, score: 100 }, { code: '5', text: { 'zh-CN': '非常不满意', en: 'Very dissatisfied', 'pt-BR': 'Muito insatisfeito' }, score: 0 }], reasons: [] })],
    ['GET', '/invitations', () => ({ items: ['accept', 'refuse', 'default'].map((result, i) => ({ id: 'n' + i, inbox: 'main', visitor: 'v' + i, ...(i ? { rule: '1' } : { agent: 'a1', agentName: '林晓', text: '您好，需要帮忙吗？' }), url: 'http://127.0.0.1/demo/', title: '极光灯饰 · 首页', at: ago(600 * (i + 1)), result, ...(i < 2 ? { answeredAt: ago(590 * (i + 1)), responseMs: 10_000 } : {}) })) })],
    ['GET', '/invitations/tally', () => ({ accepted: 12, refused: 5, open: 20 })],
    ['GET', '/online', () => ({ items: online, counts: { main: online.length } })],
    ['POST', '/visitors/:id/invitations', ({ v, me, body }) => { Object.assign(pick(online, v.id), { state: 'invited', invites: 1, invitedAt: now() }); tell('online', { rows: [pick(online, v.id)] }); return { id: randomUUID(), visitor: v.id, inbox: 'main', agent: me.agent, at: now(), result: 'default', ...body } }],
    ['GET', '/leave-messages/counts', ({ me }) => ({ open: left.filter((m) => m.state === 'notprocess').length, mine: left.filter((m) => m.state === 'notprocess' && m.assignee === me.agent).length, mail: true })],
    ['GET', '/leave-messages', ({ q }) => ({ items: left.filter((m) => m.state === (q.get('state') ?? m.state) && (!q.get('assignee') || m.assignee === q.get('assignee'))) })],
    ['PATCH', '/leave-messages/:id', ({ id, body }) => { const m = Object.assign(pick(left, id), body); tell('leave', { message: m }); return m }],
    ['POST', '/leave-messages/:id/reply', ({ id, body, me }) => Object.assign(pick(left, id), { reply: body.text, repliedBy: me.name, repliedAt: now() })],
  ]
  const listen = (s, guard) => s.on('online', guard(() => ({})))
  const card = (c) => ({ fields: fieldsOf(c.visitor).items, ...(summaries.has(c.id) ? { summary: summaries.get(c.id) } : {}), survey: ratings.get(c.id) ?? blank(c) })
  return { routes, listen, card }
}
