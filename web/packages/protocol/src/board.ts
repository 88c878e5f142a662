import { toError, type ParlorError } from './errors'
import { MAX_POINTS, path, stroke, type Canvas, type Mark, type OpenCanvas, type Shape, type Tool } from './marks'
import type { CanvasChanged, CanvasStroke } from './types'

/** The connection of a board: the sockets of console and widget. */
export interface Line {
  request(event: 'canvas-open', arg: { canvas?: string }): Promise<OpenCanvas>
  request(event: 'canvas-mark', arg: { canvas: string; shape: Shape }): Promise<Mark>
  request(event: 'canvas-undo', arg: { canvas: string; mark: string }): Promise<Canvas>
  emit(event: 'canvas-stroke', arg: { canvas: string; shape: Shape }): void
  on(event: 'canvas', fn: (e: CanvasChanged) => void): () => void
  on(event: 'canvas-stroke', fn: (e: CanvasStroke) => void): () => void
  on(event: 'link', fn: (link: string) => void): () => void
}

export interface BoardOptions {
  canvas: string
  line: Line
  /** Whether a mark is one's own. */
  own(m: Pick<Mark, 'by' | 'author'>): boolean
  /** Something changed that is shown beside the picture. */
  changed(): void
  failed(e: ParlorError): void
  /** What the picture is called for those who do not see it. */
  label: string
}

const NS = 'http://www.w3.org/2000/svg'
/** How often the others hear of a mark that is being drawn, and how long they show it without news, ms. */
const EVERY = 80
const FADES = 4_000
/** Points nearer than this part of the picture say nothing. */
const NEAR = 0.0015
/** More marks than this do not wait for a connection. */
const WAITING = 100

const newId = () => [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, '0')).join('')
const part = (n: number) => Math.round(Math.min(1, Math.max(0, n)) * 1e4) / 1e4
const key = (m: { by: string; id: string }) => m.by + m.id

/** A picture that both sides draw on: shows the marks, takes one's own from mouse, finger or pen, and keeps in step with the server. */
export class Board {
  tool: Tool = 'pen'
  colour = '#e5484d'
  width = 8
  seen?: OpenCanvas
  /** Names of those who are drawing now. */
  drawing: string[] = []
  private marks = new Map<string, Mark>()
  /** Marks that the server has not answered for, in order. */
  private waiting: Shape[] = []
  private strokes = new Map<string, { node: SVGPathElement; name: string; timer: ReturnType<typeof setTimeout> }>()
  private box = document.createElement('div')
  private picture = document.createElement('img')
  private layer = document.createElement('img')
  private svg = document.createElementNS(NS, 'svg')
  private offs: (() => void)[]
  private live: { shape: Shape; node: SVGPathElement; sent: number } | undefined
  private sending = false
  private over = false

  constructor(stage: HTMLElement, private o: BoardOptions) {
    this.box.style.cssText = 'position:relative;margin:auto;user-select:none;-webkit-user-select:none'
    for (const el of [this.picture, this.layer, this.svg]) {
      el.style.cssText = 'position:absolute;inset:0;width:100%;height:100%;display:block'
      this.box.append(el)
    }
    this.picture.alt = o.label
    this.picture.draggable = this.layer.draggable = false
    this.picture.style.background = '#fff'
    this.layer.alt = ''
    this.layer.hidden = true
    this.svg.setAttribute('preserveAspectRatio', 'none')
    this.svg.setAttribute('aria-hidden', 'true')
    this.svg.style.touchAction = 'none'
    this.svg.addEventListener('pointerdown', (e) => this.down(e))
    this.svg.addEventListener('pointermove', (e) => this.move(e))
    this.svg.addEventListener('pointerup', (e) => this.up(e))
    this.svg.addEventListener('pointercancel', () => this.giveUp())
    stage.style.containerType = 'size'
    stage.append(this.box)
    this.offs = [o.line.on('canvas', (e) => this.apply(e)), o.line.on('canvas-stroke', (e) => this.stroked(e)),
      o.line.on('link', (l) => { if (l === 'online') void this.load().then(() => this.send()) })]
    void this.load()
  }

  get can() { return !!this.seen?.draws && !this.seen.closed }
  get count() { return this.marks.size }
  /** The id of one's own last mark, "" if there is none. */
  get last() {
    let got: Mark | undefined
    for (const m of this.marks.values()) if (this.o.own(m) && (!got || m.seq >= got.seq)) got = m
    return got?.id ?? ''
  }
  destroy() {
    this.giveUp()
    this.over = true
    this.offs.forEach((off) => off())
    for (const s of this.strokes.values()) clearTimeout(s.timer)
    this.box.remove()
    this.o.line.request('canvas-open', {}).catch(() => undefined)
  }

  /** Reads the canvas anew. */
  async load() {
    try {
      const seen = await this.o.line.request('canvas-open', { canvas: this.o.canvas })
      if (this.over) return
      const first = !this.seen
      this.seen = seen
      if (first) {
        this.picture.src = seen.picture
        const { width: w, height: h } = seen
        this.box.style.width = `min(100cqw, ${(100 * w) / h}cqh)`
        this.box.style.aspectRatio = `${w}/${h}`
        this.svg.setAttribute('viewBox', `0 0 ${w} ${h}`)
      }
      this.marks = new Map(seen.marks.map((m) => [key(m), m]))
      this.draw()
    } catch (e) {
      const error = toError(e)
      if (!error.temporary && !this.over) this.o.failed(error)
    }
  }
  /** The conversation has ended. */
  close() {
    if (!this.seen) return
    this.seen = { ...this.seen, closed: true }
    this.giveUp()
    this.draw()
  }

  private apply(e: CanvasChanged) {
    if (e.canvas.id !== this.o.canvas || !this.seen || e.canvas.version <= this.seen.version) return
    if (e.canvas.version > this.seen.version + 1) return void this.load()
    this.seen = { ...this.seen, ...e.canvas, layer: e.canvas.layer }
    if (e.change === 'mark' && e.mark) {
      this.marks.set(key(e.mark), e.mark)
      this.fade(key(e.mark))
    } else if (e.change === 'clear') this.marks.clear()
    else if (e.change === 'undo') for (const [k, m] of this.marks) if (m.id === e.gone && (m.author ?? '') === (e.author ?? '')) this.marks.delete(k)
    this.draw()
  }
  private stroked(e: CanvasStroke) {
    if (e.canvas !== this.o.canvas || !this.seen) return
    const k = key({ by: e.by, id: e.shape.id })
    if (!e.shape.points?.length || this.marks.has(k)) return this.fade(k)
    const was = this.strokes.get(k)
    if (was) clearTimeout(was.timer)
    const node = was?.node ?? document.createElementNS(NS, 'path')
    this.paint(node, e.shape)
    if (!was) this.svg.append(node)
    this.strokes.set(k, { node, name: e.name ?? '', timer: setTimeout(() => this.fade(k), FADES) })
    this.name()
  }
  private fade(k: string) {
    const s = this.strokes.get(k)
    if (!s) return
    clearTimeout(s.timer)
    s.node.remove()
    this.strokes.delete(k)
    this.name()
  }
  private name() {
    const names = [...new Set([...this.strokes.values()].map((s) => s.name))]
    if (names.join() === this.drawing.join()) return
    this.drawing = names
    this.o.changed()
  }

  private paint(node: SVGPathElement, s: Shape) {
    const { width: w, height: h } = this.seen!
    const set = (name: string, v: string | number) => node.setAttribute(name, String(v))
    set('d', path(s, w, h))
    set('fill', 'none')
    set('stroke', s.colour)
    set('stroke-width', stroke(s.width, w, h))
    set('stroke-linecap', 'round')
    set('stroke-linejoin', 'round')
    if (s.tool === 'highlighter') set('opacity', 0.4)
  }
  private draw() {
    const list: Shape[] = [...[...this.marks.values()].sort((a, b) => a.seq - b.seq), ...this.waiting.filter((s) => ![...this.marks.values()].some((m) => m.id === s.id && this.o.own(m)))]
    this.svg.replaceChildren(...list.map((s) => {
      const node = document.createElementNS(NS, 'path')
      this.paint(node, s)
      return node
    }), ...[...this.strokes.values()].map((s) => s.node), ...(this.live ? [this.live.node] : []))
    this.svg.style.cursor = this.can ? 'crosshair' : 'default'
    const src = this.seen?.layer ?? ''
    this.layer.hidden = !src
    if (src && this.layer.getAttribute('src') !== src) this.layer.src = src
    this.o.changed()
  }

  private at(e: PointerEvent): [number, number] {
    const b = this.svg.getBoundingClientRect()
    return [part((e.clientX - b.left) / b.width), part((e.clientY - b.top) / b.height)]
  }
  private down(e: PointerEvent) {
    if (!this.can || !e.isPrimary || e.button !== 0 || this.waiting.length >= WAITING) return
    e.preventDefault()
    this.svg.setPointerCapture(e.pointerId)
    this.begin(this.at(e))
  }
  private begin(at: [number, number]) {
    const shape = { id: newId(), tool: this.tool, colour: this.colour, width: this.tool === 'highlighter' ? Math.min(60, this.width * 3) : this.width, points: [...at] }
    const node = document.createElementNS(NS, 'path')
    this.svg.append(node)
    this.live = { shape, node, sent: 0 }
    this.paint(node, shape)
  }
  private move(e: PointerEvent) {
    const l = this.live
    if (!l || !e.isPrimary) return
    for (const x of e.getCoalescedEvents?.() ?? [e]) this.add(this.at(x))
    if (this.live !== l) return
    this.paint(l.node, l.shape)
    if (performance.now() - l.sent < EVERY) return
    l.sent = performance.now()
    this.o.line.emit('canvas-stroke', { canvas: this.o.canvas, shape: l.shape })
  }
  private add([x, y]: [number, number]) {
    const { shape } = this.live!
    const p = shape.points
    if (shape.tool !== 'pen' && shape.tool !== 'highlighter') return void (shape.points = [p[0]!, p[1]!, x, y])
    if (Math.hypot(x - p.at(-2)!, y - p.at(-1)!) < NEAR) return
    p.push(x, y)
    if (p.length < 2 * MAX_POINTS) return
    // A mark is full: the line goes on in the next one.
    this.finish()
    this.begin([x, y])
  }
  private up(e: PointerEvent) {
    if (!this.live || !e.isPrimary) return
    this.add(this.at(e))
    const { tool, points } = this.live.shape
    const line = tool === 'pen' || tool === 'highlighter'
    if (line || Math.hypot(points[2]! - points[0]!, points[3]! - points[1]!) > NEAR * 3) this.finish()
    else this.giveUp()
  }
  private finish() {
    this.waiting.push(this.live!.shape)
    this.live = undefined
    this.draw()
    void this.send()
  }
  private giveUp() {
    const l = this.live
    if (!l) return
    this.live = undefined
    l.node.remove()
    this.o.line.emit('canvas-stroke', { canvas: this.o.canvas, shape: { ...l.shape, points: [] } })
  }
  /** Sends what waits, one after the other; after a lost connection the same again, which the server knows by its id. */
  private async send() {
    if (this.sending) return
    this.sending = true
    while (this.waiting.length && !this.over) {
      const shape = this.waiting[0]!
      try {
        const m = await this.o.line.request('canvas-mark', { canvas: this.o.canvas, shape })
        this.marks.set(key(m), m)
      } catch (e) {
        const error = toError(e)
        if (error.temporary) {
          if (error.reason !== 'disconnected') setTimeout(() => void this.send(), 1_000)
          break
        }
        this.o.failed(error)
      }
      this.waiting.shift()
      this.draw()
    }
    this.sending = false
  }
  async undo() {
    const mark = this.last
    if (!mark) return
    try {
      await this.o.line.request('canvas-undo', { canvas: this.o.canvas, mark })
    } catch (e) {
      this.o.failed(toError(e))
    }
  }
}
