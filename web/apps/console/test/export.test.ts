import { describe, expect, it } from 'vitest'
import { bodyOf, dayOf, faultOf, FILTERS, formOf, merge, type Export, type Form } from '../src/export/ask'

const now = new Date(2026, 10, 22, 10, 30)
const form = (f: Partial<Form> = {}): Form => ({ kind: 'messages', format: 'csv', from: '2026-11-01', to: '2026-11-22', filters: {}, ...f })
const row = (id: string, state: Export['state'] = 'waiting', downloads = 0) => ({ id, state, downloads }) as Export

describe('what the form begins with', () => {
  it('is a month of conversations', () => expect(formOf({}, now)).toEqual({ kind: 'conversations', format: 'csv', from: '2026-10-24', to: '2026-11-22', filters: {} }))
  it('takes over what the list is restricted by, as far as the export knows it', () => {
    expect(formOf({ new: 'ratings', days: '1', agent: 'a', rating: '5', tag: 't', team: '' }, now)).toEqual({ kind: 'ratings', format: 'csv', from: '2026-11-22', to: '2026-11-22', filters: { agent: 'a', rating: '5' } })
  })
  it('is not led astray by an address', () => {
    expect(formOf({ new: 'toString', days: '-5', agent: ['x'] }, now)).toMatchObject({ kind: 'conversations', from: '2026-11-22', filters: {} })
    expect(formOf({ new: 'audit', days: '99999' }, now).from).toBe('2025-11-22')
  })
})

describe('what is sent', () => {
  it('covers whole days of this browser', () => {
    const b = bodyOf(form(), 'zh-CN', 'Asia/Shanghai')
    expect(new Date(b.from!)).toEqual(new Date(2026, 10, 1))
    expect(new Date(b.to!)).toEqual(new Date(2026, 10, 23))
    expect(b).toMatchObject({ kind: 'messages', format: 'csv', lang: 'zh-CN', zone: 'Asia/Shanghai' })
  })
  it('leaves out filters of other lists and empty ones', () => {
    const b = bodyOf(form({ kind: 'left', filters: { tag: 't', state: 'processed', agent: '' } }), 'en', 'UTC')
    expect(b).toMatchObject({ state: 'processed' })
    expect(Object.keys(b)).not.toContain('tag')
    expect(Object.keys(b)).not.toContain('agent')
  })
  it('has filters for every list', () => expect(Object.values(FILTERS).every((f) => f.length > 0)).toBe(true))
})

describe('faults', () => {
  it('finds none in a year and a day', () => expect(faultOf(form({ from: '2025-11-22' }))).toBeUndefined())
  it('finds a span that is too long', () => expect(faultOf(form({ from: '2025-11-21' }))).toBe('long'))
  it('finds days the wrong way round, and none', () => {
    expect(faultOf(form({ from: '2026-11-23' }))).toBe('span')
    expect(faultOf(form({ to: '' }))).toBe('span')
  })
  it('lets contacts do without a first day', () => {
    const f = formOf({ new: 'contacts' }, now)
    expect([f.from, faultOf(f), Object.keys(bodyOf(f, 'en', 'UTC')).includes('from')]).toEqual(['', undefined, false])
    expect(faultOf(form({ from: '' }))).toBe('span')
  })
  it('counts one day as a span', () => expect(faultOf(form({ from: dayOf(now), to: dayOf(now) }))).toBeUndefined())
})

describe('news of an export', () => {
  const list = [row('b'), row('a')]
  it('is put in its place', () => expect(merge(list, { export: row('a', 'done') }).map((x) => x.id + x.state)).toEqual(['bwaiting', 'adone']))
  it('comes first if it is new', () => expect(merge(list, { export: row('c') }).map((x) => x.id)).toEqual(['c', 'b', 'a']))
  it('is not undone by an answer that it overtook', () => {
    expect(merge([row('a', 'done')], { export: row('a') })[0]!.state).toBe('done')
    expect(merge([row('a', 'done', 2)], { export: row('a', 'done', 1) })[0]!.downloads).toBe(2)
    expect(merge([row('a', 'running')], { export: row('a', 'failed') })[0]!.state).toBe('failed')
  })
  it('takes it away', () => expect(merge(list, { export: row('b'), gone: true }).map((x) => x.id)).toEqual(['a']))
})
