import { afterEach, describe, expect, it, vi } from 'vitest'
import { Board, type Line } from '../src/board'
import { ParlorError } from '../src/errors'
import { MAX_POINTS, path, stroke, TOOLS, type Mark, type OpenCanvas, type Shape } from '../src/marks'

const canvas = (version: number, marks: Mark[] = [], more: Partial<OpenCanvas> = {}): OpenCanvas => ({
  id: 'c1', conversation: 'k1', file: 'f1', width: 200, height: 100, version, count: marks.length, createdAt: '', changedAt: '', picture: '/p', drawn: '/d', thumb: '/t', marks, closed: false, draws: true, ...more,
})
const mark = (id: string, seq: number, by: 'agent' | 'visitor' = 'agent'): Mark => ({ id, seq, by, name: by, author: by === 'agent' ? 'a1' : 'v1', tool: 'pen', colour: '#ff0000', width: 8, points: [0, 0, 1, 1], at: '' })

/** A connection whose answers the test gives. */
function wire(first: OpenCanvas) {
  const heard = new Map<string, Set<(e: never) => void>>()
  const sent: [string, unknown][] = []
  const answers: { [event: string]: (arg: never) => unknown } = { 'canvas-open': () => first }
  const line = {
    request: (event: string, arg: unknown) => { sent.push([event, arg]); return Promise.resolve().then(() => answers[event]!(arg as never)) },
    emit: (event: string, arg: unknown) => void sent.push([event, structuredClone(arg)]),
    on(event: string, fn: (e: never) => void) {
      const set = heard.get(event) ?? new Set()
      heard.set(event, set.add(fn))
      return () => set.delete(fn)
    },
  }
  return { line: line as unknown as Line, sent, answers, fire: (event: string, e: unknown) => heard.get(event)?.forEach((fn) => fn(e as never)), listeners: () => [...heard.values()].reduce((n, s) => n + s.size, 0) }
}
const stages: Board[] = []
async function board(first: OpenCanvas) {
  const w = wire(first)
  const stage = document.body.appendChild(document.createElement('div'))
  const failed = vi.fn()
  const b = new Board(stage, { canvas: 'c1', line: w.line, own: (m) => m.by === 'visitor', changed: () => undefined, failed, label: 'plan.png' })
  stages.push(b)
  const svg = stage.querySelector('svg')!
  svg.setPointerCapture = () => undefined
  svg.getBoundingClientRect = () => ({ left: 0, top: 0, width: 200, height: 100 }) as DOMRect
  await vi.waitFor(() => expect(b.seen).toBeDefined())
  const point = (type: string, x: number, y: number) => svg.dispatchEvent(Object.assign(new Event(type, { cancelable: true }), { clientX: x * 200, clientY: y * 100, isPrimary: true, button: 0, pointerId: 1 }))
  const paths = () => [...svg.querySelectorAll('path')]
  return { ...w, b, svg, point, paths, failed, stage }
}
afterEach(() => { stages.splice(0).forEach((b) => b.destroy()); document.body.replaceChildren() })

describe('a mark as a path', () => {
  const s = (tool: Shape['tool'], points: number[]) => path({ tool, points, width: 10 }, 200, 100)
  it('is drawn in the size of the picture', () => {
    expect(s('pen', [0, 0, 0.5, 0.5, 1, 0])).toBe('M0 0L100 50L200 0')
    expect(s('pen', [0.5, 0.5])).toBe('M100 50h0')
    expect(s('rectangle', [0, 0, 0.5, 0.5])).toBe('M0 0H100V50H0Z')
    expect(s('ellipse', [1, 1, 0, 0])).toBe('M0 50a100 50 0 1 1 200 0a100 50 0 1 1 -200 0Z')
    expect(s('arrow', [0, 0.5, 1, 0.5])).toMatch(/^M0 50L200 50M.+L200 50L.+$/)
    expect(stroke(10, 200, 100)).toBe(2)
    expect(stroke(1, 10, 10)).toBe(1)
    for (const tool of TOOLS) expect(s(tool, [0.1, 0.1, 0.2, 0.9])).not.toMatch(/NaN|undefined/)
  })
})

describe('a board', () => {
  it('shows what is there and follows what comes', async () => {
    const x = await board(canvas(2, [mark('m1', 2)]))
    expect(x.paths()).toHaveLength(1)
    x.fire('canvas', { canvas: canvas(3, [], { count: 2 }), change: 'mark', mark: mark('m2', 3) })
    expect(x.paths()).toHaveLength(2)
    x.fire('canvas', { canvas: canvas(3, [], { count: 2 }), change: 'mark', mark: mark('m2', 3) })
    expect(x.paths()).toHaveLength(2)
    x.fire('canvas', { canvas: canvas(4), change: 'undo', gone: 'm1', author: 'a1' })
    expect(x.paths()).toHaveLength(1)
    x.fire('canvas', { canvas: canvas(5, [], { layer: '/layer' }), change: 'layer' })
    expect(x.stage.querySelectorAll('img')[1]!.getAttribute('src')).toBe('/layer')
    x.fire('canvas', { canvas: canvas(6), change: 'clear' })
    expect(x.paths()).toHaveLength(0)
    expect(x.stage.querySelectorAll('img')[1]!.hidden).toBe(true)
    x.fire('canvas', { canvas: { ...canvas(7), id: 'other' }, change: 'mark', mark: mark('m3', 7) })
    expect(x.paths()).toHaveLength(0)
  })

  it('reads the canvas anew when it has missed something, and when it is back', async () => {
    const x = await board(canvas(2))
    x.answers['canvas-open'] = () => canvas(9, [mark('a', 8), mark('b', 9)])
    x.fire('canvas', { canvas: canvas(9), change: 'mark', mark: mark('b', 9) })
    await vi.waitFor(() => expect(x.paths()).toHaveLength(2))
    x.answers['canvas-open'] = () => canvas(10)
    x.fire('link', 'online')
    await vi.waitFor(() => expect(x.paths()).toHaveLength(0))
  })

  it('sends one\'s own line once it is drawn, and takes it back', async () => {
    const x = await board(canvas(1))
    const got: Shape[] = []
    x.answers['canvas-mark'] = ({ shape }: { shape: Shape }) => { got.push(shape); return { ...mark(shape.id, 2, 'visitor'), ...shape } }
    x.answers['canvas-undo'] = () => canvas(3)
    x.b.colour = '#1c7ed6'
    x.point('pointerdown', 0.1, 0.1)
    x.point('pointermove', 0.5, 0.5)
    expect(x.sent.filter(([e]) => e === 'canvas-stroke')).toHaveLength(1)
    x.point('pointerup', 1.7, -1)
    expect(x.paths()).toHaveLength(1)
    await vi.waitFor(() => expect(x.b.count).toBe(1))
    expect(got[0]).toMatchObject({ tool: 'pen', colour: '#1c7ed6', width: 8, points: [0.1, 0.1, 0.5, 0.5, 1, 0] })
    expect(x.paths()).toHaveLength(1)
    await x.b.undo()
    expect(x.sent.at(-1)).toEqual(['canvas-undo', { canvas: 'c1', mark: got[0]!.id }])
  })

  it('keeps a line that could not be sent and sends the same again', async () => {
    const x = await board(canvas(1))
    x.answers['canvas-mark'] = () => { throw new ParlorError({ code: 'unavailable', reason: 'disconnected' }) }
    x.point('pointerdown', 0.1, 0.1)
    x.point('pointerup', 0.9, 0.9)
    await vi.waitFor(() => expect(x.sent.some(([e]) => e === 'canvas-mark')).toBe(true))
    const first = (x.sent.find(([e]) => e === 'canvas-mark')![1] as { shape: Shape }).shape
    expect(x.paths()).toHaveLength(1)
    x.answers['canvas-mark'] = ({ shape }: { shape: Shape }) => ({ ...mark(shape.id, 2, 'visitor'), ...shape })
    x.fire('link', 'online')
    await vi.waitFor(() => expect(x.b.count).toBe(1))
    expect((x.sent.findLast(([e]) => e === 'canvas-mark')![1] as { shape: Shape }).shape.id).toBe(first.id)
    expect(x.failed).not.toHaveBeenCalled()
  })

  it('drops what the server refuses and says so', async () => {
    const x = await board(canvas(1))
    x.answers['canvas-mark'] = () => { throw new ParlorError({ code: 'conflict', reason: 'too_many_marks' }) }
    x.point('pointerdown', 0.1, 0.1)
    x.point('pointerup', 0.9, 0.9)
    await vi.waitFor(() => expect(x.failed).toHaveBeenCalledOnce())
    await vi.waitFor(() => expect(x.paths()).toHaveLength(0))
  })

  it('goes on in a new mark when one is full, and gives up a tap that is no shape', async () => {
    const x = await board(canvas(1))
    const got: Shape[] = []
    x.answers['canvas-mark'] = ({ shape }: { shape: Shape }) => { got.push(shape); return { ...mark(shape.id, got.length + 1, 'visitor'), ...shape } }
    x.point('pointerdown', 0, 0)
    for (let i = 1; i < MAX_POINTS + 20; i++) x.point('pointermove', (i % 2) * 0.5, i / (MAX_POINTS + 20))
    x.point('pointerup', 0, 1)
    await vi.waitFor(() => expect(got).toHaveLength(2))
    expect(got[0]!.points).toHaveLength(2 * MAX_POINTS)
    expect(got[1]!.points.slice(0, 2)).toEqual(got[0]!.points.slice(-2))
    x.b.tool = 'ellipse'
    x.point('pointerdown', 0.5, 0.5)
    x.point('pointerup', 0.5, 0.5)
    expect(x.sent.at(-1)).toMatchObject(['canvas-stroke', { shape: { points: [] } }])
    expect(got).toHaveLength(2)
  })

  it('shows who is drawing until the mark is there or nothing more comes', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const x = await board(canvas(1))
    const stroke = { canvas: 'c1', conversation: 'k1', by: 'agent', name: 'Lin', shape: { ...mark('m1', 0), points: [0, 0, 0.5, 0.5] } }
    x.fire('canvas-stroke', stroke)
    expect(x.b.drawing).toEqual(['Lin'])
    expect(x.paths()).toHaveLength(1)
    x.fire('canvas', { canvas: canvas(2), change: 'mark', mark: mark('m1', 2) })
    expect(x.b.drawing).toEqual([])
    expect(x.paths()).toHaveLength(1)
    x.fire('canvas-stroke', { ...stroke, shape: { ...stroke.shape, id: 'm2' } })
    vi.advanceTimersByTime(4_000)
    expect(x.b.drawing).toEqual([])
    expect(x.paths()).toHaveLength(1)
    vi.useRealTimers()
  })

  it('takes nothing when one may not draw or it is over, and leaves nothing behind', async () => {
    const x = await board(canvas(1, [], { draws: false }))
    x.point('pointerdown', 0.1, 0.1)
    x.point('pointerup', 0.9, 0.9)
    expect(x.paths()).toHaveLength(0)
    const y = await board(canvas(1))
    y.point('pointerdown', 0.1, 0.1)
    y.b.close()
    expect(y.b.can).toBe(false)
    expect(y.paths()).toHaveLength(0)
    y.b.destroy()
    expect(y.listeners()).toBe(0)
    expect(y.stage.children).toHaveLength(0)
    stages.splice(stages.indexOf(y.b), 1)
  })
})
