import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { boardKept } from '../src/copies'
import { ParlorError } from '../src/errors'
import type { News, Side } from '../src/whiteboard'
import { BoardView } from '../src/whiteboard-view'

let open: BoardView[] = []
beforeEach(() => { vi.useFakeTimers() })
afterEach(() => {
  open.forEach((v) => v.destroy(true))
  open = []
  sessionStorage.clear()
  vi.useRealTimers()
})
const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms)

/** A board over which a pointer goes; what it tells goes to `other`, or is refused with `fault`. */
function view(side: Side, call = 'c1') {
  const told: News[] = []
  const w = { told, other: undefined as BoardView | undefined, fault: undefined as ParlorError | undefined, failed: vi.fn() }
  const stage = document.body.appendChild(document.createElement('div'))
  const v = new BoardView(stage, {
    side, call, changed: () => undefined, failed: w.failed, label: 'board', textLabel: 'text',
    tell: (n) => {
      if (w.fault) return Promise.reject(w.fault)
      const copy = JSON.parse(JSON.stringify(n)) as News
      told.push(copy)
      w.other?.hear(copy)
      return Promise.resolve()
    },
  })
  open.push(v)
  const canvas = stage.querySelector('canvas')!
  canvas.setPointerCapture = () => undefined
  canvas.getBoundingClientRect = () => ({ left: 0, top: 0, width: 400, height: 300 }) as DOMRect
  const point = (type: string, x: number, y: number) => canvas.dispatchEvent(Object.assign(new Event(type, { cancelable: true }), { clientX: x, clientY: y, isPrimary: true, button: 0, pointerId: 1 }))
  const drag = (...places: [number, number][]) => {
    point('pointerdown', ...places[0]!)
    for (const p of places.slice(1)) point('pointermove', ...p)
    point('pointerup', ...places.at(-1)!)
  }
  return Object.assign(w, { v, stage, point, drag, shown: () => v.board.shown() })
}
function pair() {
  const [a, v] = [view('agent'), view('visitor')]
  a.other = v.v
  v.other = a.v
  return { a, v }
}

describe('a board in a page', () => {
  it('draws in its own measure, whatever its size', async () => {
    const { a, v } = pair()
    a.v.tool = 'line'
    a.drag([0, 0], [400, 300])
    a.v.tool = 'pen'
    a.drag([40, 30], [200, 30], [200, 600])
    await settle()
    expect(v.shown().map((e) => e.points)).toEqual([[0, 0, 10_000, 10_000], [1_000, 1_000, 5_000, 1_000, 5_000, 10_000]])
  })

  it('shows what is being drawn, and forgets it if nothing comes of it', async () => {
    const { a, v } = pair()
    a.point('pointerdown', 0, 0)
    a.point('pointermove', 100, 100)
    await settle(200)
    expect([v.v.board.drafts.size, v.shown().length]).toEqual([1, 0])
    a.point('pointercancel', 0, 0)
    await settle(5_000)
    expect(v.v.board.drafts.size).toBe(0)
    a.v.tool = 'rectangle'
    a.drag([10, 10], [11, 10]) // a slip
    await settle()
    expect(v.shown()).toHaveLength(0)
  })

  it('writes with Enter, not with Escape, and erases by touch', async () => {
    const { a, v } = pair()
    v.v.tool = 'text'
    const write = (text: string, key: string) => {
      v.point('pointerup', 40, 30)
      const f = v.stage.querySelector('input')!
      f.value = text
      f.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
      expect(v.stage.querySelector('input')).toBeNull()
    }
    write('never', 'Escape')
    write('  这里  ', 'Enter')
    await settle()
    expect(a.shown().map((e) => e.text)).toEqual(['这里'])
    a.v.tool = 'eraser'
    a.drag([45, 35], [46, 36])
    await settle()
    expect(v.shown()).toHaveLength(0)
  })

  it('keeps what finds no connection, and sends it in order', async () => {
    const { a, v } = pair()
    a.fault = new ParlorError({ code: 'unavailable', reason: 'disconnected' })
    a.v.tool = 'line'
    a.drag([0, 0], [100, 100])
    a.v.undo()
    a.drag([0, 0], [200, 200])
    await settle(1_500)
    expect(v.shown()).toHaveLength(0)
    a.fault = new ParlorError({ code: 'conflict', reason: 'call_over' }) // the place in the call is not back yet
    await settle(1_500)
    a.fault = undefined
    await settle(1_500)
    expect(v.shown()).toEqual(a.shown())
    expect(v.shown()).toHaveLength(1)
    expect(a.failed).not.toHaveBeenCalled()
    a.fault = new ParlorError({ code: 'invalid', reason: 'bad_board' })
    a.drag([0, 0], [300, 300])
    await settle()
    expect(a.failed).toHaveBeenCalledTimes(1)
    a.fault = undefined
    a.drag([0, 0], [50, 50])
    await settle()
    expect(v.shown()).toHaveLength(2) // what was refused does not hold up the rest
  })

  it('tells a side that comes everything, however often it asks, once in a while', async () => {
    const { a } = pair()
    a.v.tool = 'line'
    a.drag([0, 0], [100, 100])
    a.v.addPage('/files/x/original')
    await settle(3_000)
    a.told.length = 0
    for (let i = 0; i < 50; i++) a.v.hear({ hello: true })
    await settle(5_000)
    expect(a.told.filter((n) => n.open && n.whole)).toHaveLength(2)
    const late = view('visitor')
    a.other = late.v
    a.v.hear({ hello: true })
    await settle(3_000)
    expect([late.v.board.place, late.v.board.pages.length, late.v.board.shown('a0').length]).toEqual([1, 2, 1])
    // A board that is put away is told too, and not shown.
    a.v.visible = false
    a.told.length = 0
    a.v.hear({ hello: true })
    await settle(3_000)
    expect([a.told.some((n) => n.open), a.told.some((n) => n.whole)]).toEqual([false, true])
  })

  it('shows a page of the visitor as soon as the agent\'s side knows it', async () => {
    const { a, v } = pair()
    v.v.addPage('/files/x/original')
    expect(v.v.board.place).toBe(0)
    await settle()
    expect([a.v.board.place, v.v.board.place]).toEqual([1, 1])
    a.v.leaf(-1)
    a.v.leaf(-1)
    await settle()
    expect([a.v.board.place, v.v.board.place]).toEqual([0, 0])
  })

  it('keeps a copy for the next load, and none of a call that is over', async () => {
    const first = view('agent')
    first.v.tool = 'line'
    first.drag([0, 0], [100, 100])
    await settle()
    window.dispatchEvent(new Event('pagehide'))
    expect(boardKept('c1')).toBe(true)
    const again = view('agent')
    expect(again.shown()).toEqual(first.shown())
    await settle(10)
    expect(again.told.some((n) => n.whole)).toBe(true)
    view('agent', 'c2')
    expect(boardKept('c1')).toBe(false)
    again.v.destroy(true)
    again.v.destroy(false)
    expect(boardKept('c1')).toBe(false)
  })
})
