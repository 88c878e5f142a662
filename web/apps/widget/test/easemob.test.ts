import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

// The script for pages of Easemob's contract, which the server sends as it is.
const SCRIPT = readFileSync('../internal/front/easemob/embed.js', 'utf8')
interface Sent { path: string; body: Record<string, any>; token: string }
let sent: Sent[] = []
let answers: Record<string, object> = {}
let cards: ShadowRoot[] = []
let listeners: [string, (e: Event) => void][] = []
const w = window as unknown as Record<string, any>

/** Runs the script on a page whose configuration is given. */
async function run(config: object) {
  w.easemobim = { config }
  delete w.Parlor
  const script = document.createElement('script')
  Object.defineProperty(script, 'src', { value: 'https://chat.example/webim/easemob.js?configId=main' })
  Object.defineProperty(document, 'currentScript', { value: script, configurable: true })
  new Function(SCRIPT)()
  await settle()
}
const settle = async () => { for (let i = 0; i < 40; i++) await Promise.resolve() }
const later = async () => { await vi.advanceTimersByTimeAsync(5_000); await settle() }
const reports = (type = 'VISIT_URL') => sent.filter((s) => s.path.startsWith('/v1/event_collector/') && s.body.type === type)
const commands = () => ((w.Parlor?.q ?? []) as unknown as IArguments[]).map((a) => [...a])
const message = (data: unknown, origin: string, source: unknown = { parent: window }) => {
  const e = new Event('message')
  Object.assign(e, { data, origin, source })
  window.dispatchEvent(e)
  return settle()
}

beforeEach(() => {
  vi.useFakeTimers()
  localStorage.clear()
  document.head.replaceChildren()
  document.body.replaceChildren()
  sent = []
  cards = []
  listeners = []
  answers = {}
  const add = window.addEventListener.bind(window)
  vi.spyOn(window, 'addEventListener').mockImplementation(((name: string, f: (e: Event) => void) => { listeners.push([name, f]); add(name, f) }) as never)
  vi.spyOn(document.head, 'appendChild').mockImplementation((x) => x)
  const attach = Element.prototype.attachShadow
  vi.spyOn(Element.prototype, 'attachShadow').mockImplementation(function (this: Element, how) {
    const root = attach.call(this, { ...how, mode: 'open' })
    cards.push(root)
    return root
  })
  vi.stubGlobal('fetch', (url: string, init?: RequestInit) => {
    const path = url.replace('https://chat.example', '')
    if (init?.body) sent.push({ path, body: JSON.parse(String(init.body)), token: String((init.headers as Record<string, string>).Authorization ?? '').replace('Bearer ', '') })
    const key = Object.keys(answers).find((k) => path.startsWith(k))
    const a = path.startsWith('/webim/entry') ? { status: 'OK', entity: { inbox: 'main', tenantId: 1 } } : (key && answers[key]) || { status: 'OK', type: 'OK' }
    return Promise.resolve({ status: (a as { http?: number }).http ?? 200, json: () => Promise.resolve(a) })
  })
})
afterEach(() => {
  for (const [name, f] of listeners) window.removeEventListener(name, f)
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

it('tells who looks at the page every five seconds, only where it is wanted and the widget is not there', async () => {
  await run({ hide: true })
  await later()
  expect(reports()).toEqual([])
  await run({ hide: true, eventCollector: true })
  await later()
  expect(reports()).toHaveLength(2)
  const [first, second] = reports()
  expect(first!.body).toMatchObject({ type: 'VISIT_URL', imServiceNumber: 'kefuchannelimid_main', url: location.href, userId: { type: 'GUEST' } })
  expect(first!.body.userId.uid.length).toBeGreaterThanOrEqual(16)
  expect(second!.body.userId.uid).toBe(first!.body.userId.uid)
  w.easemobim.bind({})
  await later()
  await later()
  expect(commands()).toContainEqual(['open'])
  expect(reports()).toHaveLength(2)
})

it('shows what an agent asks once, and opens the chat as the visitor who was asked', async () => {
  answers['/v1/event_collector/'] = { type: 'INIT_CALL', invitationId: 'i1', message: '<b>May I help?', agentNickname: 'Li', userName: 'g1', userPassword: 'main.p' }
  answers['/parlor/'] = { access_token: 'a.b.c.d' }
  await run({ hide: true, eventCollector: true })
  await later()
  expect(cards).toHaveLength(1)
  expect(cards[0]!.querySelector('p')!.textContent).toBe('<b>May I help?')
  expect(commands()).toEqual([])
  cards[0]!.querySelector<HTMLButtonElement>('.yes')!.click()
  await settle()
  expect(reports('CALL_ACCEPTED')[0]!.body.invitationId).toBe('i1')
  expect(localStorage.getItem('parlor.main')).toBe('a.b.c.d')
  expect(commands()).toContainEqual(['open'])
  expect(document.querySelector('parlor-call')).toBeNull()
})

it('stays closed when the visitor does not want to, and takes the card away when the call is over', async () => {
  answers['/v1/event_collector/'] = { type: 'INIT_CALL', invitationId: 'i2', message: 'Hello' }
  await run({ hide: true, eventCollector: true })
  cards[0]!.querySelectorAll('button')[1]!.click()
  await settle()
  await later()
  expect(reports('CALL_REFUSED')).toHaveLength(1)
  expect(cards).toHaveLength(1)
  expect(commands()).toEqual([])
  answers['/v1/event_collector/'] = { type: 'INIT_CALL', invitationId: 'i3', message: 'Hello' }
  await later()
  expect(document.querySelector('parlor-call')).not.toBeNull()
  answers['/v1/event_collector/'] = { type: 'OK' }
  await later()
  expect(document.querySelector('parlor-call')).toBeNull()
})

it('takes a lead from a frame of the page, from origins that are trusted only', async () => {
  localStorage.setItem('parlor.main', 'a.b.c.d')
  await run({ hide: true, trustedOrigins: ['https://menu.example'] })
  const lead = { easemob: { kefu: { cta: { title: 'Kettle', phone: '13800000000', item_url: 'https://shop.example/k' } } } }
  await message(lead, 'https://evil.example')
  await message(lead, 'https://menu.example', { parent: {} })
  await message(lead, location.origin, window)
  expect(sent.filter((s) => s.path.startsWith('/v1/imgateway'))).toEqual([])
  await message(lead, 'https://menu.example')
  const got = sent.find((s) => s.path.startsWith('/v1/imgateway'))
  expect(got!.token).toBe('a.b.c.d')
  expect(got!.body.bodies).toEqual([{ type: 'cmd', action: 'TransferToKf' }])
  expect(got!.body.ext.msgtype).toEqual({ track: { title: 'Kettle', item_url: 'https://shop.example/k' } })
  expect(got!.body.ext.weichat.visitor).toEqual({ phone: '13800000000' })
  expect(commands().at(-1)).toEqual(['open'])
  await message({ closeChat: true }, 'https://evil.example')
  expect(commands().at(-1)).toEqual(['open'])
  await message({ closeNote: true }, 'https://chat.example')
  expect(commands().at(-1)).toEqual(['close'])
})

it('sends again what the server could not take for now, and nothing that it refused', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  localStorage.setItem('parlor.main', 'a.b.c.d')
  await run({})
  const gateway = () => sent.filter((s) => s.path.startsWith('/v1/imgateway'))
  for (const http of [503, 429]) {
    sent = []
    answers = { '/v1/imgateway': { http, status: 'FAIL', errorCode: 'x' } }
    w.easemobim.sendText('hello ' + http)
    await settle()
    expect(gateway()).toHaveLength(1)
    answers = {}
    await vi.advanceTimersByTimeAsync(2_000)
    expect(gateway().map((s) => s.body.bodies[0].msg)).toEqual(['hello ' + http, 'hello ' + http])
    // The same name: what had arrived after all is not there twice.
    expect(gateway()[1]!.body.ext.weichat.msg_id_for_ack).toBe(gateway()[0]!.body.ext.weichat.msg_id_for_ack)
  }
  sent = []
  answers = { '/v1/imgateway': { http: 400, status: 'FAIL', errorCode: 'x' } }
  w.easemobim.sendText('too long')
  await vi.advanceTimersByTimeAsync(10_000)
  expect(gateway()).toHaveLength(1)
})

it('tells the page of a rating', async () => {
  const onEvaluationsubmit = vi.fn()
  await run({ onEvaluationsubmit })
  const on = commands().find((c) => c[0] === 'on' && c[1] === 'rated')
  ;(on![2] as (x: unknown) => void)({ level: '5' })
  expect(onEvaluationsubmit).toHaveBeenCalledWith({ level: '5' })
})
