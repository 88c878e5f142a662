import { BOARD_COPY, forgetBoards } from './copies'
import { toError, type ParlorError } from './errors'
import { MAX_TEXT, RATIO, SPAN, WIDTHS, Whiteboard, hits, simplify, textSize, type Element, type News, type Page, type Side, type Tool } from './whiteboard'

export interface BoardOptions {
  side: Side
  /** The call: a copy of its board is kept for the next load of the page. */
  call: string
  /** Tells the other side; rejects with ParlorError. */
  tell(n: News): Promise<unknown>
  /** Something changed that is shown beside the board. */
  changed(): void
  failed(e: ParlorError): void
  /** What the board and the field for a text are called for those who do not see them. */
  label: string
  textLabel: string
}

/** How often the other side hears of what is being drawn, and how long it shows it without news, ms. */
const EVERY = 150
const FADES = 4_000
const AGAIN = 1_000
const SAVES = 400
const FRAME = 15
/** More news than this do not wait for a connection. */
const WAITING = 200
/** The picture that is kept of a board is this wide. */
const WIDE = 1_600

const clamp = (n: number) => Math.max(0, Math.min(SPAN, Math.round(n)))

function roundBox(c: CanvasRenderingContext2D, e: Element, w: number, h: number) {
  const [x, y, a, b] = [(e.points[0]! * w) / SPAN, (e.points[1]! * h) / SPAN, ((e.points[2] ?? e.points[0]!) * w) / SPAN, ((e.points[3] ?? e.points[1]!) * h) / SPAN]
  if (e.tool === 'rectangle') c.rect(Math.min(x, a), Math.min(y, b), Math.abs(a - x), Math.abs(b - y))
  else c.ellipse((x + a) / 2, (y + b) / 2, Math.abs(a - x) / 2, Math.abs(b - y) / 2, 0, 0, 2 * Math.PI)
}

/** Draws an element over a board of `w` by `h` pixels. */
export function paint(c: CanvasRenderingContext2D, e: Element, w: number, h: number) {
  const p = e.points
  const x = (i: number) => (p[2 * i]! * w) / SPAN
  const y = (i: number) => (p[2 * i + 1]! * h) / SPAN
  c.strokeStyle = c.fillStyle = e.colour
  c.lineWidth = Math.max(1, (e.width * w) / SPAN)
  c.lineCap = c.lineJoin = 'round'
  if (e.tool === 'text') {
    c.font = `${(textSize(e.width) * w) / SPAN}px system-ui, sans-serif`
    c.textBaseline = 'top'
    return c.fillText(e.text ?? '', x(0), y(0))
  }
  c.beginPath()
  const n = p.length / 2
  if (e.tool === 'rectangle' || e.tool === 'ellipse') roundBox(c, e, w, h)
  else {
    c.moveTo(x(0), y(0))
    if (n === 1) c.lineTo(x(0) + 0.01, y(0))
    for (let i = 1; i < n; i++) c.lineTo(x(i), y(i))
  }
  if (e.tool === 'arrow' && n > 1) {
    const turn = Math.atan2(y(1) - y(0), x(1) - x(0))
    const long = Math.min(c.lineWidth * 4 + w / 100, Math.hypot(x(1) - x(0), y(1) - y(0)))
    for (const by of [0.5, -0.5]) {
      c.moveTo(x(1) - long * Math.cos(turn + by), y(1) - long * Math.sin(turn + by))
      c.lineTo(x(1), y(1))
    }
  }
  c.stroke()
}

/** The board of a call in a page: shows it, takes what is drawn with mouse, finger or pen, and keeps in step with the other side. */
export class BoardView {
  tool: Tool | 'eraser' = 'pen'
  colour = '#111318'
  width: number = WIDTHS[0]
  /** Whether it is to be seen here: a side that comes is shown it then. */
  visible = true
  readonly board: Whiteboard
  private box = document.createElement('div')
  private canvas = document.createElement('canvas')
  private field?: HTMLInputElement | undefined
  private live?: Element | undefined
  private erasing = false
  private drafting?: ReturnType<typeof setTimeout> | undefined
  private queue: News[] = []
  private sending = false
  private resting?: ReturnType<typeof setTimeout> | undefined
  private asked = false
  private painting?: ReturnType<typeof setTimeout> | undefined
  private over = false
  private pictures = new Map<string, HTMLImageElement>()
  private fades = new Map<string, ReturnType<typeof setTimeout>>()
  private saving?: ReturnType<typeof setTimeout> | undefined
  private size: ResizeObserver
  private leave = () => this.save()

  constructor(stage: HTMLElement, private o: BoardOptions) {
    this.board = new Whiteboard(o.side)
    this.box.style.cssText = `position:relative;margin:auto;width:min(100cqw,${RATIO * 100}cqh);aspect-ratio:${RATIO};user-select:none;-webkit-user-select:none`
    this.canvas.style.cssText = 'position:absolute;inset:0;width:100%;height:100%;display:block;background:#fff;touch-action:none'
    this.canvas.setAttribute('role', 'img')
    this.canvas.setAttribute('aria-label', o.label)
    this.canvas.addEventListener('pointerdown', (e) => this.down(e))
    this.canvas.addEventListener('pointermove', (e) => this.move(e))
    this.canvas.addEventListener('pointerup', (e) => this.up(e))
    this.canvas.addEventListener('pointercancel', () => this.giveUp())
    stage.style.containerType = 'size'
    this.box.append(this.canvas)
    stage.append(this.box)
    this.size = new ResizeObserver(() => this.draw())
    this.size.observe(this.canvas)
    addEventListener('pagehide', this.leave)
    forgetBoards(o.call)
    try {
      const text = sessionStorage.getItem(BOARD_COPY + o.call)
      if (text) this.board.restore(text)
    } catch {
      // Without a copy the other side tells.
    }
    this.say({ hello: true })
    if (!this.board.empty) this.sayAll()
    this.draw()
  }

  get can() { return !this.board.full && this.queue.length < WAITING }

  /** Takes what the other side tells. */
  hear(n: News) {
    if (this.over) return
    if (n.hello) this.answer()
    const added = this.board.apply(n)
    for (const e of n.put ?? []) this.fade(e.id)
    if (n.draft) {
      clearTimeout(this.fades.get(n.draft.id))
      this.fades.set(n.draft.id, setTimeout(() => this.fade(n.draft!.id), FADES))
    }
    if (added && this.o.side === 'agent') this.turn(this.board.pages.findLast((p) => p.id[0] === 'v')!)
    this.touched()
  }
  /** The other side has come, or has come back. However often it asks, it is answered once in a while. */
  private answer() {
    if (this.resting || this.queue.length >= WAITING) this.asked = true
    else this.sayAll()
    this.resting ??= setTimeout(() => {
      this.resting = undefined
      if (!this.asked) return
      this.asked = false
      this.answer()
    }, AGAIN)
  }
  private fade(id: string) {
    clearTimeout(this.fades.get(id))
    this.fades.delete(id)
    if (this.board.drafts.delete(id)) this.draw()
  }
  /** Tells the other side everything, after a connection was lost. */
  sayAll() { this.board.whole().forEach((n, i) => this.say(!i && this.visible ? { ...n, open: true } : n)) }
  private say(n: News | undefined) {
    if (!n) return
    this.queue.push(n)
    void this.send()
  }
  /** Sends what waits, one after the other; what finds no connection waits on. */
  private async send() {
    if (this.sending) return
    this.sending = true
    while (this.queue.length && !this.over) {
      try {
        await this.o.tell(this.queue[0]!)
      } catch (e) {
        const error = toError(e)
        // The place in the call comes back with the connection.
        if (error.temporary || error.reason === 'call_over' || error.reason === 'bad_ticket') {
          setTimeout(() => void this.send(), AGAIN)
          break
        }
        this.o.failed(error)
      }
      this.queue.shift()
    }
    this.sending = false
  }
  private touched() {
    this.saving ??= setTimeout(() => this.save(), SAVES)
    this.draw()
    this.o.changed()
  }
  private save() {
    clearTimeout(this.saving)
    this.saving = undefined
    try {
      sessionStorage.setItem(BOARD_COPY + this.o.call, this.board.save())
    } catch {
      // As above: it is full or switched off.
    }
  }
  /** Ends the board; with `gone` no copy stays. */
  destroy(gone: boolean) {
    if (this.over) return
    this.over = true
    for (const t of [this.saving, this.resting, this.painting, this.drafting]) clearTimeout(t)
    this.fades.forEach((t) => clearTimeout(t))
    this.size.disconnect()
    removeEventListener('pagehide', this.leave)
    this.box.remove()
    if (gone) forgetBoards()
    else this.save()
  }

  undo() { this.change(this.board.undo()) }
  clear() { this.change(this.board.clear()) }
  addPage(picture?: string) { this.change(this.board.addPage(picture)) }
  turn(p: Page | undefined) { if (p) this.change(this.board.turnTo(p.id)) }
  /** Turns forward or back. */
  leaf(by: number) { this.turn(this.board.pages[this.board.place + by]) }
  private change(n: News | undefined) {
    this.say(n)
    this.touched()
  }

  /** Draws it soon, once for all that happens at a time; a window of its own is drawn while the page is hidden. */
  private draw() {
    this.painting ??= setTimeout(() => {
      this.painting = undefined
      this.drawNow()
    }, FRAME)
  }
  private drawNow() {
    const r = this.canvas.getBoundingClientRect()
    const scale = Math.min(2, window.devicePixelRatio || 1)
    const [w, h] = [Math.round(r.width * scale), Math.round(r.height * scale)]
    if (!w || !h) return
    if (this.canvas.width !== w) this.canvas.width = w
    if (this.canvas.height !== h) this.canvas.height = h
    const c = this.canvas.getContext('2d')
    if (!c) return
    this.canvas.dataset['count'] = String(this.board.shown().length)
    this.canvas.dataset['page'] = String(this.board.place + 1)
    this.render(c, w, h, [...this.board.drafts.values()].filter((e) => e.page === this.board.page).concat(this.live ?? []))
  }
  private render(c: CanvasRenderingContext2D, w: number, h: number, more: Element[]) {
    c.fillStyle = '#fff'
    c.fillRect(0, 0, w, h)
    const image = this.board.picture && this.load(this.board.picture)
    if (image && image.naturalWidth) {
      const by = Math.min(w / image.naturalWidth, h / image.naturalHeight)
      const [iw, ih] = [image.naturalWidth * by, image.naturalHeight * by]
      c.drawImage(image, (w - iw) / 2, (h - ih) / 2, iw, ih)
    }
    for (const e of [...this.board.shown(), ...more]) paint(c, e, w, h)
  }
  private load(src: string): HTMLImageElement | undefined {
    const was = this.pictures.get(src)
    if (was) return was.complete ? was : undefined
    const image = new Image()
    this.pictures.set(src, image)
    image.onload = () => this.draw()
    image.src = src
    return undefined
  }
  /** The shown page as a picture. */
  picture(): Promise<Blob | null> {
    const out = document.createElement('canvas')
    out.width = WIDE
    out.height = WIDE / RATIO
    this.render(out.getContext('2d')!, out.width, out.height, [])
    return new Promise((done) => out.toBlob(done, 'image/png'))
  }

  private at(e: PointerEvent): [number, number] {
    const b = this.canvas.getBoundingClientRect()
    return [clamp(((e.clientX - b.left) / b.width) * SPAN), clamp(((e.clientY - b.top) / b.height) * SPAN)]
  }
  private down(e: PointerEvent) {
    if (!e.isPrimary || e.button !== 0) return
    e.preventDefault()
    const at = this.at(e)
    if (this.field) return this.field.blur()
    if (this.tool === 'text') return
    this.canvas.setPointerCapture(e.pointerId)
    if (this.tool === 'eraser') {
      this.erasing = true
      return this.rub(at)
    }
    if (!this.can) return
    this.live = this.board.make(this.tool, this.colour, this.width, this.tool === 'pen' ? at : [...at, ...at])
    this.draw()
  }
  private move(e: PointerEvent) {
    this.canvas.style.cursor = this.tool === 'eraser' ? 'cell' : this.tool === 'text' ? 'text' : 'crosshair'
    if (!e.isPrimary) return
    if (this.erasing) return this.rub(this.at(e))
    const l = this.live
    if (!l) return
    for (const x of e.getCoalescedEvents?.() ?? [e]) this.add(l, this.at(x))
    this.draw()
    this.drafting ??= setTimeout(() => this.draft(), EVERY)
  }
  private draft() {
    this.drafting = undefined
    const l = this.live
    if (!l || this.over || this.queue.length) return
    this.o.tell({ draft: { ...l, points: l.tool === 'pen' ? simplify(l.points) : l.points } }).catch(() => undefined) // the element itself comes later
  }
  private add(l: Element, [x, y]: [number, number]) {
    if (l.tool !== 'pen') l.points = [l.points[0]!, l.points[1]!, x, y]
    else if (Math.hypot(x - l.points.at(-2)!, y - l.points.at(-1)!) > 15) l.points.push(x, y)
  }
  private up(e: PointerEvent) {
    if (!e.isPrimary) return
    if (this.tool === 'text' && !this.live && !this.erasing) return this.write(this.at(e))
    this.erasing = false
    const l = this.live
    if (!l) return
    this.add(l, this.at(e))
    this.live = undefined
    const [ax, ay, bx, by] = l.points as [number, number, number, number]
    if (l.tool !== 'pen' && Math.hypot(bx - ax, by - ay) < 60) return this.draw()
    this.change(this.board.put(l.tool === 'pen' ? { ...l, points: simplify(l.points) } : l))
  }
  private giveUp() {
    this.erasing = false
    this.live = undefined
    this.draw()
  }
  private rub([x, y]: [number, number]) {
    const hit = this.board.shown().filter((e) => this.board.mayErase(e.id) && hits(e, x, y)).map((e) => e.id)
    if (hit.length) this.change(this.board.erase(hit))
  }
  /** Takes a text at a place: Enter or going elsewhere puts it there, Escape does not. */
  private write([x, y]: [number, number]) {
    if (!this.can) return
    const f = this.field = document.createElement('input')
    const { colour, width } = this
    f.maxLength = MAX_TEXT
    f.setAttribute('aria-label', this.o.textLabel)
    f.dataset['test'] = 'board-text'
    const left = Math.min(x, SPAN * 0.6)
    f.style.cssText = `position:absolute;left:${left / 100}%;top:${y / 100}%;max-width:${100 - left / 100}%;width:40%;padding:0 2px;border:1px dashed ${colour};border-radius:2px;background:#fffd;color:${colour};font:${Math.max(16, (textSize(width) * this.box.clientWidth) / SPAN)}px/1.2 system-ui,sans-serif`
    const done = (keep: boolean) => {
      if (this.field !== f) return
      this.field = undefined
      const text = f.value.trim()
      f.remove()
      if (keep && text) this.change(this.board.put(this.board.make('text', colour, width, [x, y], [...text].slice(0, MAX_TEXT).join(''))))
    }
    f.addEventListener('blur', () => done(true))
    f.addEventListener('keydown', (e) => {
      if (e.key === 'Enter' && !e.isComposing) done(true)
      else if (e.key === 'Escape') done(false)
      else return
      e.preventDefault()
      e.stopPropagation()
    })
    this.box.append(f)
    f.focus()
  }
}
