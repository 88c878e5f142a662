import { readFileSync } from 'node:fs'
import { PiniaColada } from '@pinia/colada'
import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { prefs } from '../src/app/prefs'
import { addTexts, followLocale, i18n } from '../src/i18n'
import { BUILTIN } from '../src/robot/builtin'
import { SAYS, saveRobot, writable, type Menu, type MenuItem, type RobotForm } from '../src/robot/api'
import KnowledgeFind from '../src/robot/KnowledgeFind.vue'
import KnowledgePage from '../src/robot/KnowledgePage.vue'
import { complete, fresh, helped, lacking, newItem, newMenu, reach, say, shifted, tidy, without, wordList } from '../src/robot/menus'
import RobotSays from '../src/robot/RobotSays.vue'
import { belongs } from '../src/realtime/conversations'
import { windowTexts } from '../src/window/texts'
import { robotTexts } from '../src/robot/texts'
import TryRobot from '../src/robot/TryRobot.vue'

// The client takes fetch when it is made.
const net = vi.hoisted(() => {
  const n = { answer: undefined as unknown as (r: Request) => Promise<Response> }
  globalThis.fetch = ((r: Request) => n.answer(r)) as typeof fetch
  return n
})

const item = (x: Partial<MenuItem>): MenuItem => ({ id: 'i1', title: { 'zh-CN': '退货' }, does: 'human', ...x })
const menu = (id: string, items: MenuItem[]): Menu => ({ id, title: {}, items })

describe('menus', () => {
  it('name what is new so that nothing else has the name', () => {
    expect(fresh('m', ['m1', 'm2', 'm4'])).toBe('m3')
    const menus = [menu('m1', [item({ id: 'i1' })]), menu('m2', [item({ id: 'i2' })])]
    expect(newMenu(menus).id).toBe('m3')
    expect(newItem(menus).id).toBe('i3')
  })
  it('say a text in the language, else for all, else any', () => {
    expect(say({ '': 'all', en: 'hi' }, 'en')).toBe('hi')
    expect(say({ '': 'all', en: 'hi' }, 'pt-BR')).toBe('all')
    expect(say({ 'zh-CN': '好' }, 'en')).toBe('好')
    expect(say(undefined, 'en')).toBe('')
  })
  it('lose the buttons that led to a menu which is taken away', () => {
    const menus = [menu('a', [item({ does: 'menu', menu: 'b' }), item({ id: 'i2', does: 'human' })]), menu('b', [])]
    expect(without(menus, 'b')).toEqual([menu('a', [item({ id: 'i2', does: 'human' })])])
  })
  it('keep of an item only what its deed needs', () => {
    expect(tidy(item({ does: 'link', link: ' https://a.b/ ', article: 'x', team: 't' }))).toEqual(item({ does: 'link', link: 'https://a.b/' }))
    expect(tidy(item({ does: 'human', article: 'x' }))).toEqual(item({ does: 'human' }))
  })
  it('tell what an item lacks, and take no address that a browser would run', () => {
    const menus = [menu('a', [])]
    expect(lacking(item({ title: { en: ' ' } }), menus)).toBe('title')
    expect(lacking(item({ does: 'answer' }), menus)).toBe('article')
    expect(lacking(item({ does: 'menu', menu: 'gone' }), menus)).toBe('menu')
    expect(lacking(item({ does: 'menu', menu: 'a' }), menus)).toBe('')
    for (const link of ['', 'javascript:alert(1)', '//evil.example', 'data:text/html,x']) expect(lacking(item({ does: 'link', link }), menus)).toBe('link')
    for (const link of ['/help', 'https://a.example/x']) expect(lacking(item({ does: 'link', link }), menus)).toBe('')
    expect(complete([menu('a', [])])).toBe(false)
    expect(complete([menu('a', [item({})])])).toBe(true)
  })
  it('are reached from the first one, round trips included', () => {
    const menus = [menu('a', [item({ does: 'menu', menu: 'b' })]), menu('b', [item({ does: 'menu', menu: 'a' })]), menu('c', [])]
    expect([...reach(menus, 'a')]).toEqual(['a', 'b'])
    expect(reach(menus, '').size).toBe(0)
  })
  it('move within their list and never out of it', () => {
    expect(shifted([1, 2, 3], 0, 1)).toEqual([2, 1, 3])
    expect(shifted([1, 2, 3], 2, 1)).toEqual([1, 2, 3])
  })
  it('read words from lines and from both kinds of commas', () => {
    expect(wordList('转人工\n人工客服，人工、转人工\n\n agent ')).toEqual(['转人工', '人工客服', '人工', 'agent'])
  })
  it('count how many were helped among those who said so', () => {
    expect(helped({ solved: 2, unsolved: 1 })).toBe(67)
    expect(helped({ solved: 0, unsolved: 0 })).toBeUndefined()
  })
})

it('shows the built-in words of a robot as the server has them', () => {
  const server = readFileSync('../internal/robot/words.go', 'utf8')
  for (const s of SAYS) for (const l of ['zh-CN', 'en', 'pt-BR']) expect(server).toContain(JSON.stringify(l) + ': ' + JSON.stringify(BUILTIN[s]![l]))
})

describe('pages', () => {
  let calls: { method: string; path: string; body: Record<string, unknown> }[]
  let answers: Record<string, unknown>
  beforeEach(async () => {
    setActivePinia(createPinia())
    calls = []
    answers = {}
    net.answer = async (r) => {
      const path = new URL(r.url).pathname.replace('/api/parlor/v1', '')
      calls.push({ method: r.method, path, body: r.method === 'GET' ? {} : ((await r.clone().json()) as Record<string, unknown>) })
      const a = answers[`${r.method} ${path}`]
      return new Response(JSON.stringify(typeof a === 'function' ? (a as (b: unknown) => unknown)(calls.at(-1)!.body) : (a ?? { items: [] })), { headers: { 'Content-Type': 'application/json' } })
    }
    prefs.locale = 'en'
    await followLocale()
    await addTexts({ 'zh-CN': () => import('../src/admin/text/zh-CN.json'), en: () => import('../src/admin/text/en.json'), 'pt-BR': () => import('../src/admin/text/pt-BR.json') })
    await robotTexts()
    await windowTexts()
  })
  const plugins = () => [i18n, createPinia(), PiniaColada, createRouter({ history: createMemoryHistory(), routes: [{ path: '/:x(.*)', component: { template: '<i/>' } }] })]
  const article = { id: 'a1', title: 'How do I return a lamp?', answer: 'Within 30 days.', active: true, version: 4, asked: 12, solved: 3, unsolved: 1, questions: ['Can I send it back?'], inboxes: null }

  it('show articles with what visitors said of them, and switch one off with its version', async () => {
    answers['GET /knowledge'] = { items: [article] }
    const w = mount(KnowledgePage, { global: { plugins: plugins() as never } })
    await flushPromises()
    expect(w.text()).toContain('How do I return a lamp?')
    expect(w.text()).toContain('asked 12 times')
    expect(w.text()).toContain('75 % helped')
    await w.find('input[role=switch]').trigger('change')
    await flushPromises()
    const put = calls.find((c) => c.method === 'PUT')!
    expect(put.path).toBe('/knowledge/a1')
    expect(put.body).toMatchObject({ active: false, version: 4, title: article.title, inboxes: [] })
    expect(put.body).not.toHaveProperty('asked')
    w.unmount()
  })
  it('teach what to do when there is nothing yet', async () => {
    const w = mount(KnowledgePage, { global: { plugins: plugins() as never } })
    await flushPromises()
    expect(w.text()).toContain('No articles yet')
    w.unmount()
  })

  const robot: RobotForm = {
    id: 'r1', agent: 'ag', name: 'Lumi', active: false, inboxes: [], when: 'always', greeting: { en: 'Hello' }, menu: 'm1', threshold: 45, suggest: 3, failedTurns: 2, words: {}, button: true, buttonAfter: 0, rate: true, unsolvedHands: true,
    nobody: 'wait', texts: {}, menus: [menu('m1', [item({ id: 'i1', title: { en: 'Returns' } })])], engine: { on: false, baseUrl: '', model: '', timeoutSeconds: 15, maxTokens: 400, passages: 4, keySet: true }, version: 1, createdAt: '', updatedAt: '',
  }
  it('talk to a robot: the menu, the failed turns, and the hand-over that ends it', async () => {
    let turn = 0
    answers['POST /robots/r1/try'] = () => [{ replies: [{ text: 'Within 30 days.', robot: { rule: 'answer', rate: true } }], handOff: false, failed: 0 }, { replies: [{ text: 'Passing you on.', robot: { rule: 'handing' } }], handOff: true, failed: 2 }][turn++]
    answers['POST /knowledge/find'] = { items: [{ article, score: 81, wording: '' }] }
    const w = mount(TryRobot, { props: { robot, dirty: false }, global: { plugins: plugins() as never } })
    await flushPromises()
    expect(w.text()).toContain('Hello')
    await w.findAll('[data-test=robot-says] button').find((b) => b.text() === 'Returns')!.trigger('click')
    await flushPromises()
    expect(calls.find((c) => c.path === '/robots/r1/try')!.body).toMatchObject({ item: 'i1', failed: 0 })
    expect(w.text()).toContain('Within 30 days.')
    await w.find('input').setValue('nonsense')
    await w.find('form').trigger('submit')
    await flushPromises()
    expect(calls.findLast((c) => c.path === '/robots/r1/try')!.body).toMatchObject({ text: 'nonsense', failed: 0 })
    expect(w.text()).toContain('score 81')
    expect(w.find('[data-test=handed]').exists()).toBe(true)
    expect(w.find('input').attributes('disabled')).toBeDefined()
    w.unmount()
  })
  it('find what the visitor asked while an agent writes, and give the answer with its link', async () => {
    answers['POST /knowledge/find'] = { items: [{ article: { ...article, link: 'https://a.example/r', linkTitle: 'Returns' }, score: 81, wording: '' }] }
    const w = mount(KnowledgeFind, { props: { inbox: 'main', asked: 'can i send it back' }, global: { plugins: plugins() as never } })
    await w.find('button').trigger('click')
    await vi.waitFor(() => expect(w.findAll('[data-test=kb-hit]').length).toBe(1))
    expect(calls.at(-1)!.body).toEqual({ text: 'can i send it back', inbox: 'main', limit: 6 })
    await w.find('[data-test=kb-hit] button:last-child').trigger('click')
    expect(w.emitted('take')).toEqual([['Within 30 days.\nReturns https://a.example/r']])
    w.unmount()
  })
  it('have a list of what robots have, which is nobody\'s own', () => {
    const c = { status: 'open', bot: true, agent: 'robot-1' } as Parameters<typeof belongs>[1]
    expect([belongs('robot', c, 'me'), belongs('all', c, 'me'), belongs('mine', c, 'me'), belongs('queue', c, 'me')]).toEqual([true, true, false, false])
    expect(belongs('robot', { ...c, bot: false }, 'me')).toBe(false)
    expect(belongs('robot', { ...c, status: 'closed' }, 'me')).toBe(false)
  })
  it('show an answer as text, and no link that is no address', () => {
    const w = mount(RobotSays, { props: { said: { text: '<b>x</b>', robot: { rule: 'engine', sources: [{ id: '1', title: 'bad', link: 'javascript:alert(1)' }, { id: '2', title: 'good', link: 'https://a.example/' }] } }, live: true, name: 'Lumi' }, global: { plugins: [i18n] } })
    expect(w.text()).toContain('<b>x</b>')
    expect(w.findAll('a').map((a) => a.attributes('href'))).toEqual(['https://a.example/'])
  })
  it('write a robot without what is the server\'s, and the key only when there is a new one', async () => {
    await saveRobot(robot)
    const { body } = calls.at(-1)!
    expect(body).not.toHaveProperty('agent')
    expect(body.engine).not.toHaveProperty('keySet')
    expect(body.engine).not.toHaveProperty('key')
    expect(body.version).toBe(1)
    expect(writable({ title: ' x ', questions: [' a ', ''], answer: 'y' })).toMatchObject({ title: 'x', questions: ['a'], active: true })
  })
})
