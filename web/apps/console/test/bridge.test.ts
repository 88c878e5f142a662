import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Message } from '@parlor/protocol/types'
import { Gate, interactive, lasting, Port, readAsk, synced } from '../src/window/bridge'

const kefu = (x: object) => ({ easemob: { kefu: x } })
const about = { serviceSessionId: 's-77', tenantId: 20080, visitor: { userId: 'c-5', username: 'u_88231', nickname: 'Mia' }, agent: { userId: 'a-2', username: 'li.na@example.com' } }
const message = (more: Partial<Message> = {}) => ({
  id: 'm-901', conversation: 's-77', seq: 3, prev: 2, kind: 'text', from: { kind: 'visitor' }, at: '2024-05-02T08:00:00Z', text: 'About my order\nA-1009',
  extra: { flag: 'order-detail', worded: true, ext: { msgtype: { order: { order_id: 'A-1009' } }, weichat: { interactiveFlag: 'order-detail' } } }, ...more,
}) as unknown as Message

describe('what a page asks for', () => {
  it.each([
    ['ready', kefu({ ready: true }), { kind: 'ready' }],
    ['a text', kefu({ sendMsg: { msg: ' Hello ', type: 'txt' } }), { kind: 'text', text: 'Hello' }],
    ['articles', kefu({ articles: [{ title: 'One', description: 'd', url: 'https://a.test/', picurl: '//a.test/1.jpg' }, { title: 'Bad', url: 'javascript:alert(1)' }] }),
      { kind: 'card', title: 'One', ext: { msgtype: { articles: [{ title: 'One', description: 'd', url: 'https://a.test/', picurl: '//a.test/1.jpg' }] } } }],
    ['a mini program', kefu({ miniprogrampage: { pagePath: 'p/i', thumbMediaId: 't', thumbUrl: 'https://a.test/t.jpg', title: 'Shop' } }),
      { kind: 'card', title: 'Shop', ext: { msgtype: { miniprogrampage: { title: 'Shop', pagePath: 'p/i', thumbMediaId: 't', thumbUrl: 'https://a.test/t.jpg' } } } }],
    ['an order', kefu({ sendExtMsg: { ext: { weichat: { queueName: 'x' }, cmd: { a: 1 }, msgtype: { order: { order_title: ' Kettle ', price: '9', extra: 'x', img_url: 'javascript:1', item_url: 'https://a.test/o' } } } } }),
      { kind: 'card', title: 'Kettle', ext: { msgtype: { order: { order_title: 'Kettle', price: '9', img_url: '', item_url: 'https://a.test/o' } } } }],
    ['a form', kefu({ sendExtMsg: { type: 'html/form', msgtype: { html: { url: 'https://a.test/f', topic: 'Survey' } } } }),
      { kind: 'card', title: 'Survey', ext: { type: 'html/form', msgtype: { html: { url: 'https://a.test/f', topic: 'Survey', desc: '' } } } }],
    ['articles of an ext', kefu({ sendExtMsg: { msgtype: { articles: [{ title: 'One', url: 'https://a.test/' }] } } }),
      { kind: 'card', title: 'One', ext: { msgtype: { articles: [{ title: 'One', description: '', url: 'https://a.test/', picurl: '' }] } } }],
  ])('reads %s', (_, data, want) => expect(readAsk(data)).toEqual(want))
  it.each([
    undefined, null, 'x', 7, [], {}, { easemob: null }, kefu({}), kefu({ ready: 'yes' }), kefu({ sendMsg: { msg: '', type: 'txt' } }), kefu({ sendMsg: { msg: { a: 1 }, type: 'txt' } }),
    kefu({ sendMsg: { msg: 'x'.repeat(2_001), type: 'txt' } }), kefu({ sendMsg: { msg: 'x', type: 'html' } }), kefu({ articles: {} }), kefu({ articles: [null, { title: 'no link' }] }), kefu({ miniprogrampage: { title: 5 } }), kefu({ sendExtMsg: 'x' }), kefu({ sendExtMsg: { ext: { weichat: { businessFlag: 'x' } } } }),
    kefu({ sendExtMsg: { msgtype: { track: { desc: 'no title' } } } }), kefu({ sendExtMsg: { msgtype: { html: { url: 'data:text/html,x', topic: 'x' } } } }),
  ])('takes %j for nothing', (data) => expect(readAsk(data)).toBeUndefined())
  it('takes no more than ten articles', () => {
    const ask = readAsk(kefu({ articles: Array.from({ length: 50 }, (_, i) => ({ title: 't' + i, url: 'https://a.test/' })) }))
    expect(ask?.kind === 'card' && (ask.ext.msgtype.articles as unknown[]).length).toBe(10)
  })
})

describe('what is posted to a page', () => {
  it('is the message with its flag, whose it is and what it came with', () => {
    expect(interactive(message(), about)).toEqual(kefu({
      interactive_msg: { version: 1, interactiveFlag: 'order-detail', msgId: 'm-901', createdAt: 1_714_636_800_000, ...about, bodies: [{ type: 'txt', msg: '' }], ext: message().extra!.ext },
      visitor_msg: { msg: '', type: 'txt' },
    }))
  })
  it('has files as addresses, and nothing of what was taken back', () => {
    const file = { id: 'f', name: 'a.png', type: 'image/png', size: 9, url: '/files/f/original' }
    expect(synced(message({ kind: 'image', text: '', file, extra: undefined } as never))).toEqual(kefu({ visitor_msg: { msg: location.origin + '/files/f/original', type: 'img' } }))
    expect(synced(message({ extra: undefined }))).toEqual(kefu({ visitor_msg: { msg: 'About my order\nA-1009', type: 'txt' } }))
    expect(synced(message({ recalled: { at: '', by: { kind: 'visitor' } } } as never))).toEqual(kefu({ visitor_msg: { msg: '', type: 'txt' } }))
  })
  it('knows an address that only has another signature', () => {
    expect(lasting('https://a.test/?x=1&kefu_ts=1&kefu_sign=ab')).toBe(lasting('https://a.test/?x=1&kefu_ts=22&kefu_sign=cd'))
    expect(lasting('https://a.test/?x=1&kefu_ts=1&kefu_sign=ab')).not.toBe(lasting('https://a.test/?x=2&kefu_ts=1&kefu_sign=ab'))
  })
})

describe('the way to a page', () => {
  const origin = 'https://crm.example.com'
  let page: { postMessage: ReturnType<typeof vi.fn> }
  let port: Port
  beforeEach(() => {
    vi.useFakeTimers()
    page = { postMessage: vi.fn() }
    port = new Port(origin, () => page as never)
  })
  afterEach(() => { vi.useRealTimers() })
  const event = (source: unknown, from: string) => ({ source, origin: from }) as MessageEvent

  it('hears its own page from its own origin only', () => {
    expect(port.accepts(event(page, origin))).toBe(true)
    expect(port.accepts(event(page, 'https://evil.example.com'))).toBe(false)
    expect(port.accepts(event(page, 'null'))).toBe(false)
    expect(port.accepts(event({ postMessage() {} }, origin))).toBe(false)
    expect(port.accepts(event(null, origin))).toBe(false)
    expect(new Port(origin, () => null).accepts(event(null, origin))).toBe(false)
  })
  it('waits for a page that says it listens, and speaks to its origin only', async () => {
    const sent = port.deliver({ a: 1 })
    port.loaded()
    expect(page.postMessage).not.toHaveBeenCalled()
    port.ready()
    expect(await sent).toBe(true)
    expect(page.postMessage.mock.calls).toEqual([[{ a: 1 }, origin]])
    expect(await port.deliver({ a: 2 })).toBe(true)
  })
  it('waits 3 s after the load for a page that says nothing', async () => {
    const sent = port.deliver({ a: 1 })
    port.loaded()
    vi.advanceTimersByTime(2_999)
    expect(page.postMessage).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(await sent).toBe(true)
  })
  it('gives up on a page that does not load', async () => {
    const sent = port.deliver({ a: 1 })
    vi.advanceTimersByTime(15_000)
    expect(await sent).toBe(false)
    port.ready()
    expect(page.postMessage).not.toHaveBeenCalled()
  })
  it('waits anew after a change of address, and keeps what waits within bounds', async () => {
    port.ready()
    port.reset()
    const list = Array.from({ length: 21 }, (_, i) => port.deliver({ i }))
    expect(page.postMessage).not.toHaveBeenCalled()
    expect(await list[20]).toBe(false)
    port.close()
    expect(await list[0]).toBe(false)
  })
})

it('lets ten messages a minute through', () => {
  let now = 0
  const gate = new Gate(10, () => now)
  expect(Array.from({ length: 12 }, () => gate.take()).filter(Boolean)).toHaveLength(10)
  now = 59_999
  expect(gate.take()).toBe(false)
  now = 60_000
  expect(gate.take()).toBe(true)
})
