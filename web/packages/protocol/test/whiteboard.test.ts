import { describe, expect, it } from 'vitest'
import { FIRST, MAX_ELEMENTS, MAX_PAGES, MAX_POINTS, Whiteboard, hits, simplify, type Element, type News } from '../src/whiteboard'

const pair = () => {
  const [a, v] = [new Whiteboard('agent'), new Whiteboard('visitor')]
  return { a, v, line: (b: Whiteboard, x = 0) => b.put(b.make('line', '#111318', 30, [x, x, 100, 100])) }
}
const ids = (b: Whiteboard) => b.shown().map((e) => e.id)
const same = (a: Whiteboard, v: Whiteboard) => {
  expect(v.pages).toEqual(a.pages)
  expect(v.page).toBe(a.page)
  for (const p of a.pages) expect(v.shown(p.id)).toEqual(a.shown(p.id))
}

describe('a whiteboard', () => {
  it('shows on both sides what either draws, once', () => {
    const { a, v, line } = pair()
    const n = line(a)
    v.apply(n)
    v.apply(n)
    a.apply(line(v))
    expect(ids(a)).toHaveLength(2)
    expect(ids(a)[0]![0]).toBe('a')
    same(a, v)
  })

  it('comes to the same in any order', () => {
    const { a, v, line } = pair()
    const mine = line(a)
    const ofA: News[] = [mine, line(a, 5), a.addPage()!, line(a), a.erase([mine.put![0]!.id])!, a.turnTo(FIRST), a.clear(), line(a, 9)]
    const ofV: News[] = [line(v), line(v), v.undo()!]
    for (const n of ofV.toReversed()) a.apply(n)
    for (const n of ofA.toReversed()) v.apply(n)
    // The visitor's line was made before it heard of the clearing, and is older than it.
    same(a, v)
    expect(ids(a)).toHaveLength(1)
  })

  it('does not show again what is gone', () => {
    const { a, v, line } = pair()
    const n = line(a)
    v.apply(a.undo()!)
    v.apply(n)
    expect(ids(v)).toEqual([])
  })

  it('undoes only what is one\'s own, on the page that is shown', () => {
    const { a, v, line } = pair()
    a.apply(line(v))
    expect(a.undo()).toBeUndefined()
    const first = line(a)
    v.apply(first)
    v.apply(a.addPage()!)
    expect(a.undo()).toBeUndefined()
    v.apply(a.turnTo(FIRST))
    expect(a.undo()).toEqual({ gone: [first.put![0]!.id] })
    expect(ids(a)).toHaveLength(1)
  })

  it('lets the agent erase everything and visitors what is theirs', () => {
    const { a, v, line } = pair()
    v.apply(line(a))
    a.apply(line(v))
    const all = ids(a)
    expect(v.erase(all)).toEqual({ gone: [all[1]] })
    expect(a.erase(all)).toEqual({ gone: all })
    expect(a.erase(all)).toBeUndefined()
  })

  it('clears one page of what is there, not of what comes after', () => {
    const { a, v, line } = pair()
    v.apply(line(a))
    v.apply(a.addPage()!)
    v.apply(line(a))
    const n = a.clear()
    v.apply(n)
    a.apply(line(v))
    v.apply(n)
    expect(ids(v)).toHaveLength(1)
    expect(v.shown(FIRST)).toHaveLength(1)
    same(a, v)
  })

  it('shows the page that the agent turned to last', () => {
    const { a, v } = pair()
    const two = a.addPage()!
    const back = a.turnTo(FIRST)
    v.apply(back)
    v.apply(two)
    expect([v.place, v.pages.length]).toEqual([0, 2])
    expect(a.apply(v.addPage('/files/x/original?s')!)).toBe(true)
    expect(v.page).toBe(FIRST)
    v.apply(a.turnTo(a.pages.at(-1)!.id))
    expect(v.picture).toBe('/files/x/original?s')
    same(a, v)
  })

  it('is told whole to a side that has lost it, in parts a signal can carry', () => {
    const { a, v, line } = pair()
    v.apply(a.addPage('/files/x/original')!)
    for (let i = 0; i < 150; i++) (i % 2 ? a : v).apply(i % 2 ? v.put(v.make('pen', '#111318', 30, Array.from({ length: 2 * MAX_POINTS }, (_, k) => 9_000 + k))) : line(a))
    v.apply(a.undo()!)
    a.apply(v.undo()!)
    const parts = v.whole()
    for (const n of parts) expect(JSON.stringify(n).length).toBeLessThan(32 << 10)
    // What visitors may not tell is not told even then.
    expect(parts.some((n) => n.clear || n.turn || n.gone?.some((id) => id[0] === 'a'))).toBe(false)
    const fresh = new Whiteboard('agent')
    for (const n of parts) expect(fresh.apply(n)).toBe(false)
    same(fresh, v)
    // It goes on behind what it was told.
    const n = fresh.turnTo(FIRST)
    v.apply(n)
    expect(v.page).toBe(FIRST)
    const late = new Whiteboard('visitor')
    for (const x of fresh.whole()) late.apply(x)
    same(fresh, late)
  })

  it('survives a reload with everything', () => {
    const { a, line } = pair()
    line(a)
    a.addPage()
    line(a)
    a.clear()
    line(a)
    const again = new Whiteboard('agent')
    again.restore(a.save())
    same(a, again)
    expect(again.whole()).toEqual(a.whole())
  })

  it('has bounds', () => {
    const { a, line } = pair()
    for (let i = 0; i <= MAX_ELEMENTS; i++) line(a)
    expect([ids(a).length, a.full]).toEqual([MAX_ELEMENTS, true])
    for (let i = 1; i < MAX_PAGES; i++) expect(a.addPage()).toBeDefined()
    expect(a.addPage()).toBeUndefined()
    const v = new Whiteboard('visitor')
    v.apply({ put: [{ id: 'a1', page: FIRST, tool: 'line', colour: '#111318', width: 3, points: [0, 0, 1, 1], at: 999_999_999 }], at: 999_999_999, turn: { page: FIRST, at: 999_999_999 } })
    expect(ids(v)).toEqual([]) // nothing would come behind it
    line(v)
    expect(v.last?.at).toBe(1)
  })

  it('shows what is being drawn until it is drawn', () => {
    const { a, v } = pair()
    const e = a.make('pen', '#111318', 30, [1, 1, 2, 2])
    v.apply({ draft: e })
    expect(v.drafts.size).toBe(1)
    const n = a.put({ ...e, points: [1, 1, 2, 2, 3, 3] })
    v.apply(n)
    v.apply({ draft: e })
    expect(v.drafts.size).toBe(0)
    expect(v.shown()[0]!.points).toHaveLength(6)
  })
})

describe('a line', () => {
  it('keeps its form with few points, and never has too many', () => {
    const straight = Array.from({ length: 400 }, (_, i) => [i * 10, i * 10]).flat()
    expect(simplify(straight)).toEqual([0, 0, 3990, 3990])
    const wild = Array.from({ length: 3_000 }, (_, i) => [(i * 3) % 10_000, (i * 7_919) % 10_000]).flat()
    const out = simplify(wild)
    expect(out.length).toBeLessThanOrEqual(2 * MAX_POINTS)
    expect(out.slice(0, 2)).toEqual(wild.slice(0, 2))
    expect(out.slice(-2)).toEqual(wild.slice(-2))
    expect(simplify([5, 5])).toEqual([5, 5])
  })
})

describe('the eraser', () => {
  const at = (tool: Element['tool'], points: number[], text?: string): Element => ({ id: 'a1', page: FIRST, tool, colour: '#111318', width: 30, points, at: 1, ...(text ? { text } : {}) })
  it.each<[Element, [number, number], [number, number]]>([
    [at('line', [0, 0, 10_000, 10_000]), [5_000, 5_050], [5_000, 6_000]],
    [at('arrow', [0, 0, 4_000, 0]), [2_000, 100], [5_000, 0]],
    [at('pen', [100, 100, 200, 200, 3_000, 200]), [1_500, 250], [1_500, 900]],
    [at('pen', [100, 100]), [150, 100], [900, 100]],
    [at('rectangle', [1_000, 1_000, 5_000, 5_000]), [1_000, 3_000], [3_000, 3_000]],
    [at('ellipse', [1_000, 1_000, 5_000, 5_000]), [1_050, 3_000], [3_000, 3_000]],
    [at('text', [1_000, 1_000], '会客'), [1_300, 1_200], [4_000, 1_200]],
  ])('touches what is under it: $tool', (e, on, off) => {
    expect(hits(e, ...on)).toBe(true)
    expect(hits(e, ...off)).toBe(false)
  })
})
