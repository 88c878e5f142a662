/**
 * The whiteboard of a call. Each side holds the whole board and tells the other what it adds and takes away; both
 * come to the same board in whatever order news arrive, and however often. What was drawn never changes.
 */
export type Side = 'agent' | 'visitor'
export const TOOLS = ['pen', 'line', 'arrow', 'rectangle', 'ellipse', 'text'] as const
export type Tool = (typeof TOOLS)[number]
export const COLOURS = ['#111318', '#e5484d', '#f5a623', '#2f9e44', '#1c7ed6', '#8e4ec6'] as const
export const WIDTHS = [50, 100, 200] as const
/** A board is this wide and high, in its own measure. */
export const SPAN = 10_000
export const MAX_POINTS = 256
export const MAX_TEXT = 200
export const MAX_ELEMENTS = 1_000
export const MAX_PAGES = 20
/** The page that is there from the beginning. */
export const FIRST = 'a0'
/** Nothing is ordered behind this. */
const LAST = 900_000_000
/** What one signal holds at most, in characters and elements. */
const PART = 12_000
const MANY = 100
const GONE = 1_000
/** How many that are gone are remembered. */
const REMEMBERED = 5_000

/** Something that was drawn; `points` are x and y by turns, `at` is its place in the order of changes. */
export interface Element { id: string; page: string; tool: Tool; colour: string; width: number; points: number[]; text?: string; at: number }
export interface Page { id: string; at: number; picture?: string }
interface Mark { page: string; at: number }
/** What one side tells the other. */
export interface News {
  hello?: boolean; open?: boolean; whole?: boolean; at?: number; put?: Element[]; draft?: Element; gone?: string[]
  pages?: Page[]; clear?: Mark[]; turn?: Mark; on?: string
}
interface Saved { elements: Element[]; gone: string[]; pages: Page[]; clear: Mark[]; turn: Mark; clock: number }

const name = () => [...crypto.getRandomValues(new Uint8Array(10))].map((b) => (b % 36).toString(36)).join('')
const order = (a: { at: number; id: string }, b: { at: number; id: string }) => a.at - b.at || (a.id < b.id ? -1 : 1)

export class Whiteboard {
  /** What the other side is drawing now. */
  drafts = new Map<string, Element>()
  private elements = new Map<string, Element>()
  private gone = new Set<string>()
  private leaves = new Map<string, Page>([[FIRST, { id: FIRST, at: 0 }]])
  private cleared = new Map<string, number>()
  private turned: Mark = { page: FIRST, at: 0 }
  private clock = 0

  constructor(readonly side: Side) {}

  /** The page that is shown. */
  get page() { return this.leaves.has(this.turned.page) ? this.turned.page : FIRST }
  get pages(): Page[] { return [...this.leaves.values()].sort(order) }
  /** The place of the shown page, from 0. */
  get place() { return this.pages.findIndex((p) => p.id === this.page) }
  get picture() { return this.leaves.get(this.page)?.picture }
  get full() { return this.elements.size >= MAX_ELEMENTS }
  get empty() { return !this.elements.size && this.leaves.size === 1 && !this.clock }
  /** What a page shows, from the bottom up. */
  shown(page = this.page): Element[] { return [...this.elements.values()].filter((e) => e.page === page).sort(order) }
  /** The last element of one's own on the shown page. */
  get last(): Element | undefined { return this.shown().findLast((e) => this.own(e.id)) }
  own(id: string) { return id[0] === this.side[0] }
  /** Visitors take away only what is theirs. */
  mayErase(id: string) { return this.side === 'agent' || this.own(id) }

  /** Takes news of the other side; true if it has added a page. */
  apply(n: News): boolean {
    let added = false
    if (n.whole && this.side === 'agent' && !this.turned.at && n.on) this.turned = { page: n.on, at: 0 } // a copy was lost
    if (n.at && n.at < LAST) this.clock = Math.max(this.clock, n.at)
    for (const p of n.pages ?? []) {
      if (this.leaves.has(p.id) || this.leaves.size >= MAX_PAGES || !this.tick(p.at)) continue
      this.leaves.set(p.id, p)
      added = true
    }
    for (const c of n.clear ?? []) if (this.tick(c.at)) this.wipe(c)
    if (n.turn && n.turn.at > this.turned.at && this.tick(n.turn.at)) this.turned = n.turn
    for (const e of n.put ?? []) if (this.tick(e.at)) this.add(e)
    for (const id of n.gone ?? []) this.remove(id)
    const d = n.draft
    if (d && !this.elements.has(d.id) && !this.gone.has(d.id) && this.drafts.size < 10) this.drafts.set(d.id, d)
    return added && !n.whole
  }
  private tick(at: number) {
    if (at >= LAST) return false
    this.clock = Math.max(this.clock, at)
    return true
  }
  private add(e: Element) {
    this.drafts.delete(e.id)
    if (!this.gone.has(e.id) && !this.elements.has(e.id) && e.at > (this.cleared.get(e.page) ?? -1) && !this.full) this.elements.set(e.id, e)
  }
  private remove(id: string) {
    this.drafts.delete(id)
    this.elements.delete(id)
    this.gone.add(id)
    if (this.gone.size > REMEMBERED) this.gone.delete(this.gone.values().next().value!)
  }
  private wipe(c: Mark) {
    this.cleared.set(c.page, Math.max(c.at, this.cleared.get(c.page) ?? -1))
    for (const e of this.elements.values()) if (e.page === c.page && e.at <= c.at) this.elements.delete(e.id)
    this.drafts.clear()
  }

  /** A new element of one's own, which `put` adds. */
  make(tool: Tool, colour: string, width: number, points: number[], text?: string): Element {
    return { id: this.side[0] + name(), page: this.page, tool, colour, width, points, ...(text ? { text } : {}), at: this.clock + 1 }
  }
  put(e: Element): News {
    const done = { ...e, at: ++this.clock }
    this.add(done)
    return { put: [done] }
  }
  erase(ids: string[]): News | undefined {
    const list = ids.filter((id) => this.elements.has(id) && this.mayErase(id))
    list.forEach((id) => this.remove(id))
    return list.length ? { gone: list } : undefined
  }
  undo(): News | undefined { return this.last && this.erase([this.last.id]) }
  /** Empties the shown page; the agent's alone. */
  clear(): News {
    const c = { page: this.page, at: this.clock++ }
    this.wipe(c)
    return { clear: [c], at: this.clock }
  }
  /** Adds a page behind all others. The agent's side shows it at once, and that of a visitor when it hears of it. */
  addPage(picture?: string): News | undefined {
    if (this.leaves.size >= MAX_PAGES) return undefined
    const p: Page = { id: this.side[0] + name(), at: ++this.clock, ...(picture ? { picture } : {}) }
    this.leaves.set(p.id, p)
    return { pages: [p], ...(this.side === 'agent' ? this.turnTo(p.id) : {}) }
  }
  turnTo(page: string): News {
    this.turned = { page, at: ++this.clock }
    return { turn: this.turned }
  }

  /** The whole board, in parts that one signal can carry. */
  whole(): News[] {
    const agent = this.side === 'agent'
    const out: News[] = [{
      whole: true, at: this.clock, on: this.page, pages: this.pages.filter((p) => p.id !== FIRST),
      ...(agent ? { clear: [...this.cleared].map(([page, at]) => ({ page, at })), ...(this.turned.at ? { turn: this.turned } : {}) } : {}),
    }]
    const gone = [...this.gone].filter((id) => agent || this.own(id))
    for (let i = 0; i < gone.length; i += GONE) out.push({ whole: true, gone: gone.slice(i, i + GONE) })
    let part: Element[] = []
    let size = 0
    for (const e of [...this.elements.values()].sort(order)) {
      const long = JSON.stringify(e).length
      if (part.length && (size + long > PART || part.length >= MANY)) {
        out.push({ whole: true, put: part })
        part = []
        size = 0
      }
      part.push(e)
      size += long
    }
    if (part.length) out.push({ whole: true, put: part })
    return out
  }

  save(): string {
    return JSON.stringify({ elements: [...this.elements.values()], gone: [...this.gone], pages: [...this.leaves.values()],
      clear: [...this.cleared].map(([page, at]) => ({ page, at })), turn: this.turned, clock: this.clock } satisfies Saved)
  }
  restore(text: string) {
    const s = JSON.parse(text) as Saved
    this.elements = new Map(s.elements.map((e) => [e.id, e]))
    this.gone = new Set(s.gone)
    this.leaves = new Map(s.pages.map((p) => [p.id, p]))
    this.cleared = new Map(s.clear.map((c) => [c.page, c.at]))
    this.turned = s.turn
    this.clock = s.clock
  }
}

/** A line of the pen with as few points as it needs, and no more than a signal carries. */
export function simplify(points: number[], near = 12): number[] {
  let out = points
  for (let by = near; ; by *= 2) {
    out = thin(points, by)
    if (out.length <= 2 * MAX_POINTS) return out
  }
}
/** Leaves out points nearer than `by` to the line between those that stay. */
function thin(p: number[], by: number): number[] {
  const n = p.length / 2
  const keep = new Uint8Array(n)
  keep[0] = keep[n - 1] = 1
  const todo: [number, number][] = [[0, n - 1]]
  for (let next = todo.pop(); next; next = todo.pop()) {
    const [from, to] = next
    let far = by
    let at = 0
    for (let i = from + 1; i < to; i++) {
      const d = away(p[2 * i]!, p[2 * i + 1]!, p[2 * from]!, p[2 * from + 1]!, p[2 * to]!, p[2 * to + 1]!)
      if (d > far) [far, at] = [d, i]
    }
    if (at) {
      keep[at] = 1
      todo.push([from, at], [at, to])
    }
  }
  const out: number[] = []
  for (let i = 0; i < n; i++) if (keep[i]) out.push(p[2 * i]!, p[2 * i + 1]!)
  return out
}
/** How far a point is from a line between two others. */
export function away(x: number, y: number, ax: number, ay: number, bx: number, by: number): number {
  const [dx, dy] = [bx - ax, by - ay]
  const t = dx || dy ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy))) : 0
  return Math.hypot(x - ax - t * dx, y - ay - t * dy)
}

/** How high a text is, in parts of the board's width. */
export const textSize = (width: number) => 200 + width * 3
/** The board is so wide for its height. */
export const RATIO = 4 / 3

/** Whether a place of the board is on an element. */
export function hits(e: Element, x: number, y: number, near = 120): boolean {
  const p = e.points
  const [ax, ay] = [p[0]!, p[1]!]
  const [bx, by] = [p[2] ?? ax, p[3] ?? ay]
  const reach = near + e.width / 2
  switch (e.tool) {
    case 'text': {
      const high = textSize(e.width)
      const wide = [...e.text!].reduce((n, c) => n + (c > '\u2e80' ? 1 : 0.55), 0) * high
      return x >= ax - near && x <= ax + wide + near && y >= ay - near && y <= ay + high * RATIO + near
    }
    case 'rectangle':
      return [[ax, ay, bx, ay], [bx, ay, bx, by], [bx, by, ax, by], [ax, by, ax, ay]].some(([a, b, c, d]) => away(x, y, a!, b!, c!, d!) <= reach)
    case 'ellipse': {
      const [rx, ry] = [Math.max(1, Math.abs(bx - ax) / 2), Math.max(1, Math.abs(by - ay) / 2)]
      const out = Math.hypot((x - (ax + bx) / 2) / rx, (y - (ay + by) / 2) / ry)
      return Math.abs(out - 1) * Math.min(rx, ry) <= reach
    }
  }
  for (let i = 0; i < p.length / 2; i++) {
    const j = Math.max(0, i - 1)
    if (away(x, y, p[2 * i]!, p[2 * i + 1]!, p[2 * j]!, p[2 * j + 1]!) <= reach) return true
  }
  return false
}
