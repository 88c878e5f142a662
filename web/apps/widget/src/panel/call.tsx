import { render } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Peer, media, timer, type CallLine, type Device } from '@parlor/protocol/call'
import { boardKept, forgetBoards } from '@parlor/protocol/copies'
import { toError } from '@parlor/protocol/errors'
import type { Call, CallJoined } from '@parlor/protocol/types'
import type { BoardView } from '@parlor/protocol/whiteboard-view'
import type { Chat } from './chat'
import { Icon } from './icon'
import { sheet } from './sheet'

sheet(`.call{position:fixed;z-index:8;background:#10131a;color:#fff;overflow:hidden}.call.full{inset:0;display:flex;flex-direction:column}.call.half{inset:0 0 auto;height:50%;display:flex;flex-direction:column}.halved #app{padding-top:50vh}.halved #app header{padding-block:4px}.call.icon{display:flex;align-items:center;gap:6px;padding:9px 13px;border-radius:99px;background:#0b7a43;font-weight:600;font-variant-numeric:tabular-nums;box-shadow:0 6px 18px #0006;touch-action:none;cursor:grab}.call :focus-visible,.call.icon:focus-visible{outline:2px solid #fff;outline-offset:-3px}.call video{width:100%;height:100%;object-fit:contain;background:#10131a;display:block}.call .stage{position:relative;flex:1;min-height:0}.call .big{position:absolute;inset:0;width:100%}.call .small{position:absolute;right:10px;top:10px;width:26%;max-width:150px;min-width:74px;aspect-ratio:4/3;border-radius:10px;overflow:hidden;border:1.5px solid #fffa;background:#2a2f3b}.call .none{position:absolute;inset:0;display:grid;place-content:center;justify-items:center;gap:8px;text-align:center;background:#1c212c;pointer-events:none}.call .none b{width:58px;height:58px;border-radius:50%;display:grid;place-items:center;background:#39415366;border:1px solid #fff6;font-size:24px}.call .small .none{font-size:11px}.call .small .none b{width:30px;height:30px;font-size:14px}.call .info{position:absolute;left:10px;top:10px;max-width:60%;padding:3px 10px;border-radius:9px;background:#000b;font-size:12.5px;font-variant-numeric:tabular-nums}.call .info b{font-weight:600}.call .keys{display:flex;flex-wrap:wrap;justify-content:center;gap:8px;padding:10px;padding-bottom:max(10px,env(safe-area-inset-bottom));background:#10131a}.call.half .keys{padding:6px;gap:5px}.call .keys button{width:42px;height:42px;border-radius:50%;display:grid;place-items:center;background:#333b4c;position:relative}.call.half .keys button{width:36px;height:36px}.call .keys button[aria-pressed=true]{background:#fff;color:#10131a}.call .keys .end{background:#c32231}.call .keys i{position:absolute;top:-4px;right:-4px;min-width:18px;padding:0 4px;border-radius:9px;background:#fff;color:#10131a;font:600 11px/18px system-ui}.call.ring{inset:auto 12px 12px;border-radius:16px;padding:16px;background:var(--bg);color:var(--ink);border:1px solid var(--line);box-shadow:0 12px 40px #0005}.call.ring h2{margin:0 0 2px;font-size:15px}.call.ring p{margin:0 0 12px;color:var(--ink2);font-size:13px;font-variant-numeric:tabular-nums}.call.ring .row{display:flex;gap:8px}.call.ring .row button{flex:1;min-height:40px;border-radius:10px;font-weight:600;color:#fff}.call.ring .yes{background:#0b7a43}.call.ring .no{background:#b4202c}.call.ring :focus-visible{outline-color:var(--brand-ink);outline-offset:2px}.call .rec{display:block;font-weight:600}.call .rec:before{content:'';display:inline-block;width:8px;height:8px;margin-inline-end:6px;border-radius:50%;background:#e5484d}.call.boarded .stage{flex:none;height:92px}.call.boarded .small{aspect-ratio:auto;height:72px;width:96px}.call .keys{flex:none}.call.ask{inset:66px 12px auto;z-index:10;padding:12px 14px;border-radius:14px;background:var(--bg);color:var(--ink);border:1px solid var(--line);box-shadow:0 10px 32px #0006;font-size:14px}.call.ask p{margin:0 0 10px}.call.ask .row{display:flex;gap:8px}.call.ask button{flex:1;min-height:38px;border-radius:10px;font-weight:600;background:var(--soft);color:var(--ink)}.call.ask .yes{background:#0b7a43;color:#fff}.call.ask :focus-visible{outline-color:var(--brand-ink);outline-offset:2px}.tell{position:fixed;z-index:9;left:12px;right:12px;top:66px;padding:8px 14px;border-radius:10px;background:var(--ink);color:var(--bg);text-align:center;font-size:13px}`)

interface Words {
  video: string; voice: string; asks(n: string, video: boolean): string; left(s: number): string; accept: string; refuse: string; calling(n: string): string; cancel: string; connecting: string; again: string
  mute: string; unmute: string; off: string; on: string; turn: string; share: string; half: string; full: string; icon: string; out: string; end: string; swap: string; you: string; noCamera: string; denied: string; screen: string; muted: string
  words: Record<string, string>; ends: Record<string, string>; over(t: string): string; back: string; news(n: number): string; kept: string
  board: string; unboard: string; took(n: string, d: Device): string; wants(n: string, d: Device): string; give: string; later: string; seen: string; noBoard: string
}
const WORDS: Record<string, Words> = {
  zh: {
    video: '视频通话', voice: '语音通话', asks: (n, v) => `${n} 邀请您${v ? '视频' : '语音'}通话`, left: (s) => `${s} 秒内应答`, accept: '接听', refuse: '拒绝', calling: (n) => `正在呼叫 ${n}…`, cancel: '取消', connecting: '正在接通…', again: '网络中断，正在重新连接…',
    mute: '静音', unmute: '取消静音', off: '关闭摄像头', on: '打开摄像头', turn: '切换摄像头', share: '共享屏幕', half: '半屏（画中画）', full: '放大', icon: '最小化', out: '独立小窗', end: '挂断', swap: '切换画面', you: '我', noCamera: '摄像头已关闭', denied: '无法使用摄像头或麦克风，对方听不到您。', screen: '正在共享屏幕', muted: '对方已静音',
    words: { good: '良好', fair: '一般', poor: '较差' }, ends: { declined: '通话已被拒绝', cancelled: '通话已取消', no_answer: '无人接听', ping_lost: '通话已断开', failed: '无法接通', agent_lost: '客服已离线，通话结束' }, over: (t) => `通话结束 · ${t}`, back: '通话正在进行。要在这里继续吗？', news: (n) => `${n} 条新消息`, kept: '本次通话会被录制',
    board: '白板', unboard: '收起白板', took: (n, d) => `${n} 关闭了您的${d === 'camera' ? '摄像头' : '麦克风'}`, wants: (n, d) => `${n} 请您打开${d === 'camera' ? '摄像头' : '麦克风'}`, give: '打开', later: '暂不', seen: '知道了', noBoard: '白板无法打开',
  },
  en: {
    video: 'Video call', voice: 'Voice call', asks: (n, v) => `${n} invites you to a ${v ? 'video' : 'voice'} call`, left: (s) => `${s} s left to answer`, accept: 'Accept', refuse: 'Decline', calling: (n) => `Calling ${n}…`, cancel: 'Cancel', connecting: 'Connecting…', again: 'Connection lost. Reconnecting…',
    mute: 'Mute', unmute: 'Unmute', off: 'Camera off', on: 'Camera on', turn: 'Switch camera', share: 'Share screen', half: 'Half screen (picture in picture)', full: 'Enlarge', icon: 'Minimise', out: 'Own small window', end: 'Hang up', swap: 'Swap pictures', you: 'You', noCamera: 'Camera is off', denied: 'Camera and microphone cannot be used; you are not heard.', screen: 'The screen is shared', muted: 'Muted by the other side',
    words: { good: 'good', fair: 'fair', poor: 'poor' }, ends: { declined: 'The call was declined', cancelled: 'The call was cancelled', no_answer: 'Nobody answered', ping_lost: 'The call was cut off', failed: 'No connection was possible', agent_lost: 'The agent has left; the call is over' }, over: (t) => `Call ended · ${t}`, back: 'A call is going on. Continue it here?', news: (n) => (n === 1 ? '1 new message' : `${n} new messages`), kept: 'This call is recorded',
    board: 'Whiteboard', unboard: 'Hide the whiteboard', took: (n, d) => `${n} switched your ${d} off`, wants: (n, d) => `${n} asks you to switch your ${d} on`, give: 'Switch on', later: 'Not now', seen: 'OK', noBoard: 'The whiteboard cannot be opened',
  },
  pt: {
    video: 'Chamada de vídeo', voice: 'Chamada de voz', asks: (n, v) => `${n} convida você para uma chamada de ${v ? 'vídeo' : 'voz'}`, left: (s) => `${s} s para atender`, accept: 'Atender', refuse: 'Recusar', calling: (n) => `Chamando ${n}…`, cancel: 'Cancelar', connecting: 'Conectando…', again: 'Conexão perdida. Reconectando…',
    mute: 'Silenciar', unmute: 'Ativar som', off: 'Desligar câmera', on: 'Ligar câmera', turn: 'Trocar câmera', share: 'Compartilhar tela', half: 'Meia tela (picture-in-picture)', full: 'Ampliar', icon: 'Minimizar', out: 'Janela pequena', end: 'Desligar', swap: 'Trocar imagens', you: 'Você', noCamera: 'Câmera desligada', denied: 'Câmera e microfone não estão disponíveis; você não é ouvido.', screen: 'A tela está sendo compartilhada', muted: 'O outro lado está sem som',
    words: { good: 'boa', fair: 'média', poor: 'ruim' }, ends: { declined: 'A chamada foi recusada', cancelled: 'A chamada foi cancelada', no_answer: 'Ninguém atendeu', ping_lost: 'A chamada caiu', failed: 'Não foi possível conectar', agent_lost: 'O atendente saiu; a chamada terminou' }, over: (t) => `Chamada encerrada · ${t}`, back: 'Há uma chamada em andamento. Continuar aqui?', news: (n) => (n === 1 ? '1 nova mensagem' : `${n} novas mensagens`), kept: 'Esta chamada está sendo gravada',
    board: 'Quadro branco', unboard: 'Ocultar o quadro', took: (n, d) => `${n} desligou ${d === 'camera' ? 'sua câmera' : 'seu microfone'}`, wants: (n, d) => `${n} pede que você ligue ${d === 'camera' ? 'sua câmera' : 'seu microfone'}`, give: 'Ligar', later: 'Agora não', seen: 'OK', noBoard: 'Não foi possível abrir o quadro',
  },
}
const words = () => WORDS[document.documentElement.lang.slice(0, 2)] ?? WORDS.en!

type Form = 'full' | 'half' | 'icon'

/** Set by the page of the video counter: the calls that it asked for begin without asking, and fill it. */
export const counter: { wants?: (c: Call) => boolean; media?: typeof media; cameraOff?: boolean; share?: boolean } = {}

/** The call of this panel; there is at most one. */
class Calling {
  call: Call
  peer?: Peer
  form: Form = 'full'
  swapped = false
  denied = false
  busy = false
  since = 0
  news = 0
  at?: { x: number; y: number }
  /** The whiteboard: its part of the panel once it is there, and whether it is shown. */
  white?: typeof import('./white')
  view?: BoardView
  boarded = false
  root = document.body.appendChild(document.createElement('div'))
  private offs: (() => void)[] = []
  private tick = setInterval(() => this.draw(), 500)

  constructor(readonly chat: Chat, call: Call) {
    this.call = call
    this.offs.push(chat.socket!.on('message', (m) => { if (m.from.kind === 'agent' && this.form === 'full') { this.news++; this.draw() } }))
    this.draw()
  }
  /** Takes what the server tells of the call. */
  take(call: Call) {
    const before = this.call.state
    this.call = { ...this.call, ...call }
    if (call.state === 'TERMINATED' || call.state === 'ABORTED') return this.over()
    if (call.state === 'CONNECTED' && before !== 'CONNECTED') {
      if (!this.peer && !this.busy) return this.over(true) // it was answered on another page
      this.since = Date.now()
      this.peer?.start()
    }
    this.draw()
  }
  async enter(event: 'call-accept' | 'call-join') {
    if (this.busy) return
    this.busy = true
    this.draw()
    try {
      const got = await (counter.media ?? media)(this.call.kind)
      this.denied = got.denied
      try {
        this.join(await this.chat.socket!.request(event, { call: this.call.id }), got.stream)
      } catch (e) {
        got.stream.getTracks().forEach((t) => t.stop())
        throw e
      }
    } catch {
      this.over(true)
    }
  }
  join(j: CallJoined, stream: MediaStream) {
    this.busy = false
    this.call = { ...this.call, ...j.call, ...(this.call.state === 'CONNECTED' ? { state: 'CONNECTED' } : {}) } // it may have been answered meanwhile
    this.peer = new Peer(this.chat.socket as unknown as CallLine, 'visitor', j, stream, () => this.draw(), () => this.leave(true))
    this.peer.onboard = (n) => {
      this.view?.hear(n)
      if (n.open && !(this.view && n.whole)) void this.board()
    }
    this.peer.onback = () => this.view?.sayAll()
    if (boardKept(j.call.id)) void this.board()
    if (counter.cameraOff) this.peer.show(false)
    if (this.call.state === 'CONNECTED') {
      this.since = Date.parse(this.call.answeredAt ?? '') || Date.now()
      this.peer.start()
    }
    this.draw()
  }
  leave(failed = false) {
    this.chat.socket!.request('call-leave', { call: this.call.id, ...(failed ? { failed } : {}) }).catch(() => undefined) // the server misses us soon
    if (!failed) this.over()
  }
  set(form: Form) {
    this.form = form
    this.news = 0
    this.draw()
    if (form !== 'full') this.chat.seen()
  }
  /** Shows the whiteboard; `ask` shows it to the other side too. */
  async board(ask = false) {
    try {
      if (ask) await this.peer!.openBoard()
      this.white ??= await import('./white')
      dress()
      this.boarded = true
      this.set('full')
    } catch {
      tell(words().noBoard)
    }
  }
  hide() {
    this.boarded = false
    this.draw()
  }
  /** Closes every form of the call. */
  over(silent = false) {
    if (now !== this) return
    now = undefined
    clearInterval(this.tick)
    this.offs.forEach((off) => off())
    this.peer?.close()
    this.view?.destroy(true)
    forgetBoards()
    if (document.pictureInPictureElement) void document.exitPictureInPicture().catch(() => undefined)
    small?.close()
    document.documentElement.classList.remove('halved')
    render(null, this.root)
    this.root.remove()
    if (silent || counter.wants) return
    const w = words()
    tell(w.ends[this.call.reason ?? ''] ?? w.over(timer(this.since ? (Date.now() - this.since) / 1000 : 0)))
  }
  draw() {
    if (now !== this && now) return
    document.documentElement.classList.toggle('halved', this.live && this.form === 'half')
    render(<Shown c={this} n={Date.now()} />, this.root)
  }
  get live() { return !!this.peer && this.call.state === 'CONNECTED' }
}
export type { Calling }
let now: Calling | undefined
/** Says something for a moment. */
export function tell(text: string) {
  const note = document.body.appendChild(document.createElement('p'))
  note.className = 'tell'
  note.role = 'status'
  note.textContent = text
  setTimeout(() => note.remove(), 4_000)
}
/** The window of its own that shows the call, where the browser has such. */
let small: Window | undefined
/** Gives that window the styles that are here. */
function dress() {
  if (!small) return
  const { head } = small.document
  const style = head.querySelector('style') ?? head.appendChild(small.document.createElement('style'))
  style.textContent = [...document.adoptedStyleSheets].flatMap((s) => [...s.cssRules].map((r) => r.cssText)).join('')
}

/** A call of this visitor has changed, or one begins to ring. */
export function take(chat: Chat, e: { call: Call }) {
  const c = e.call
  if (now?.call.id === c.id) return now.take(c)
  const mine = counter.wants?.(c)
  if (now || c.state === 'TERMINATED' || c.state === 'ABORTED' || (c.by === 'visitor' && c.state !== 'CONNECTED' && !mine)) return
  now = new Calling(chat, c)
  if (mine) return void now.enter('call-join')
  chat.tell({ t: 'event', name: 'call', data: { kind: c.kind, from: c.agentName } })
  if (c.state !== 'CONNECTED') chat.socket!.request('call-ring', { call: c.id }).catch(() => undefined)
}

/** The visitor calls. Returns why it did not come to that, if so. */
export async function begin(chat: Chat, kind: Call['kind']) {
  if (now || !chat.state) return
  const got = await media(kind)
  try {
    const j = await chat.socket!.request('call-invite', { conversation: chat.state.conversation, kind })
    now ??= new Calling(chat, j.call)
    now.denied = got.denied
    now.join(j, got.stream)
  } catch (e) {
    got.stream.getTracks().forEach((t) => t.stop())
    return toError(e).message
  }
}
export const labels = () => [words().voice, words().video] as const

function Shown({ c, n }: { c: Calling; n: number }) {
  const w = words()
  const first = useRef<HTMLButtonElement>(null)
  useEffect(() => first.current?.focus(), [])
  const name = c.call.agentName || '?'
  if (c.live) return <Surface c={c} n={n} />
  const left = Math.max(0, Math.ceil((Date.parse(c.call.invitedAt) + 60_000 - n) / 1000))
  const going = c.call.state === 'CONNECTED'
  const own = !!c.peer
  if (c.call.by === 'visitor' && counter.wants) return null // the page itself tells
  return (
    <section class="call ring" role={own ? 'dialog' : 'alertdialog'} aria-label={c.call.kind === 'video' ? w.video : w.voice} data-test="ringing">
      <h2>{going ? w.back : own ? w.calling(name) : w.asks(name, c.call.kind === 'video')}</h2>
      <p>{going ? '' : own ? timer((n - Date.parse(c.call.invitedAt)) / 1000) : w.left(left)}{c.call.recorded && <b class="rec" data-test="recorded">{w.kept}</b>}</p>
      <div class="row">
        {!own && <button type="button" class="yes" ref={first} disabled={c.busy} data-test="accept" onClick={() => void c.enter(going ? 'call-join' : 'call-accept')}>{w.accept}</button>}
        <button type="button" class="no" data-test="refuse" onClick={() => (going ? c.over(true) : c.leave())}>{own ? w.cancel : going ? w.cancel : w.refuse}</button>
      </div>
    </section>
  )
}

/** A picture with sound; without a picture its name. */
function Picture({ stream, muted, on, name, note, video }: { stream: MediaStream; muted: boolean; on: boolean; name: string; note: string; video?: (el: HTMLVideoElement | null) => void }) {
  const el = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    const v = el.current!
    if (v.srcObject !== stream) v.srcObject = stream
    video?.(v)
    void v.play().catch(() => undefined) // begins with the next touch
  }, [stream, stream.getTracks().length])
  return <><video ref={el} autoplay playsInline muted={muted} />{!on && <span class="none"><b aria-hidden="true">{[...name].slice(0, 1)}</b>{note}</span>}</>
}

const ICONS = {
  mic: 'M12 2a3 3 0 0 0-3 3v7a3 3 0 0 0 6 0V5a3 3 0 0 0-3-3ZM19 10v2a7 7 0 0 1-14 0v-2M12 19v3', nomic: 'M2 2l20 20M9 9v3a3 3 0 0 0 5 2M15 9V5a3 3 0 0 0-6-1M19 10v2M5 10v2a7 7 0 0 0 12 5M12 19v3',
  cam: 'm16 10 6-4v12l-6-4M4 6h10a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2Z', nocam: 'M2 2l20 20M10 6h4a2 2 0 0 1 2 2v4l6 4V6l-6 4M4 6a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h10',
  turn: 'M20 11a8 8 0 0 0-14-5L3 9M3 4v5h5M4 13a8 8 0 0 0 14 5l3-3M21 20v-5h-5', share: 'M4 4h16v12H4zM8 20h8M12 16v4', half: 'M3 4h18v16H3zM3 12h18', full: 'M8 3H3v5M16 3h5v5M8 21H3v-5M16 21h5v-5', icon: 'M5 12h14', out: 'M3 4h18v14H3zM12 11h6v4h-6z', board: 'M3 4h18v12H3zM12 16v4M8 21l4-4 4 4M7 12l3-4 3 3 3-3', end: 'M3 14c5-5 13-5 18 0l-2 3-4-2v-2c-2-1-4-1-6 0v2l-4 2z',
}

function Surface({ c, n }: { c: Calling; n: number }) {
  const w = words()
  const p = c.peer!
  const far = useRef<HTMLVideoElement | null>(null)
  const [, again] = useState(0)
  const name = c.call.agentName || '?'
  const time = timer(c.since ? (n - c.since) / 1000 : 0)
  const status = p.phase === 'reconnecting' ? w.again : p.phase === 'connected' ? '' : w.connecting
  const theirs = <Picture stream={p.remote} muted={false} on={p.remote.getVideoTracks().length > 0 && (p.other.camera || p.other.screen)} name={name} note="" video={(el) => { far.current = el }} />
  const mine = <Picture stream={p.local} muted on={p.camera} name={w.you} note={p.screen ? w.screen : w.noCamera} />
  const sub = (window as { documentPictureInPicture?: { requestWindow(o: object): Promise<Window> } }).documentPictureInPicture
  const own = window.top === window && sub
  const out = async () => {
    if (!own) return void (await far.current?.requestPictureInPicture().catch(() => undefined))
    small = await own.requestWindow({ width: 360, height: 416 })
    small.document.adoptedStyleSheets = []
    dress()
    small.document.body.append(c.root)
    small.addEventListener('pagehide', () => { small = undefined; document.body.append(c.root); c.draw() })
    c.set('full')
    again((x) => x + 1)
  }
  // The pictures stay where they are in every form, so that nothing begins anew.
  const icon = c.form === 'icon' && !small
  const boarded = c.boarded && c.form === 'full' && !!c.white
  if (c.view) c.view.visible = c.boarded
  return (
    <>
      <section class={'call ' + (icon ? 'full' : c.form) + (boarded ? ' boarded' : '')} hidden={icon} style={icon ? 'display:none' : ''} role="dialog" aria-label={c.call.kind === 'video' ? w.video : w.voice} data-test="call" data-phase={p.phase}>
        <div class="stage">
          <div class={c.swapped ? 'small' : 'big'}>{theirs}</div>
          <div class={c.swapped ? 'big' : 'small'}>{mine}</div>
          <button type="button" aria-label={w.swap} data-test="swap" class="small" style="background:none;border-color:transparent" onClick={() => { c.swapped = !c.swapped; c.draw() }} />
          <p class="info" style="margin:0" role="status"><b data-test="time">{time}</b> {status || (p.quality ? w.words[p.quality.word] : '')}{c.call.recorded && <b class="rec" data-test="recorded">{w.kept}</b>}{!p.other.mic && <> · {w.muted}</>}{c.denied && <><br />{w.denied}</>}</p>
        </div>
        {c.white && <c.white.White c={c} p={p} shown={boarded} />}
        <div class="keys">
          <Key d={p.mic ? ICONS.mic : ICONS.nomic} label={p.mic ? w.mute : w.unmute} on={!p.mic} test="mute" act={() => p.mute(p.mic)} />
          {c.call.kind === 'video' && <Key d={p.camera ? ICONS.cam : ICONS.nocam} label={p.camera ? w.off : w.on} on={!p.camera} test="camera" act={() => p.show(!p.camera)} />}
          {p.cameras > 1 && c.call.kind === 'video' && <Key d={ICONS.turn} label={w.turn} test="turn" act={() => void p.turnCamera().catch(() => undefined)} />}
          {(window.top === window || counter.share) && !c.chat.compact && <Key d={ICONS.share} label={w.share} on={p.screen} test="share" act={() => void p.share(!p.screen)} />}
          <Key d={ICONS.board} label={boarded ? w.unboard : w.board} on={boarded} test="board" act={() => (boarded ? c.hide() : void c.board(true))} />
          {!small && !counter.wants && <Key d={c.form === 'full' ? ICONS.half : ICONS.full} label={(c.form === 'full' ? w.half : w.full) + (c.news ? ` (${w.news(c.news)})` : '')} test="pip" badge={c.news} act={() => c.set(c.form === 'full' ? 'half' : 'full')} />}
          {!small && !counter.wants && <Key d={ICONS.icon} label={w.icon} test="minimise" act={() => c.set('icon')} />}
          {!small && (own || document.pictureInPictureEnabled) && c.call.kind === 'video' && <Key d={ICONS.out} label={w.out} test="out" act={() => void out().catch(() => undefined)} />}
          <Key d={ICONS.end} label={w.end} test="hangup" end act={() => c.leave()} />
        </div>
      </section>
      {icon && <Dot c={c} time={time} label={w.full} />}
      {p.notice && <Notice key={p.notice.device + p.notice.on} p={p} name={name} />}
    </>
  )
}
/** How long it is shown that the agent switched something off, ms. */
const READ = 8_000
/** What the agent did with a device of this visitor, or asks for. */
function Notice({ p, name }: { p: Peer; name: string }) {
  const w = words()
  const n = p.notice!
  const box = useRef<HTMLElement>(null)
  useEffect(() => {
    // Who writes goes on writing: the next key must not consent.
    if (n.on && !document.activeElement?.matches('input,textarea')) return box.current?.focus()
    const late = setTimeout(() => void p.consent(false), READ)
    return () => clearTimeout(late)
  }, [])
  return (
    <section class="call ask" ref={box} tabIndex={-1} role={n.on ? 'alertdialog' : 'status'} aria-label={(n.on ? w.wants : w.took)(name, n.device)} data-test="notice">
      <p>{(n.on ? w.wants : w.took)(name, n.device)}</p>
      <div class="row">
        {n.on && <button type="button" class="yes" data-test="consent" onClick={() => void p.consent(true)}>{w.give}</button>}
        <button type="button" data-test="notice-close" onClick={() => void p.consent(false)}>{n.on ? w.later : w.seen}</button>
      </div>
    </section>
  )
}
function Key({ d, label, on, test, act, end, badge }: { d: string; label: string; on?: boolean; test: string; act: () => void; end?: boolean; badge?: number }) {
  return <button type="button" class={end ? 'end' : ''} aria-label={label} title={label} {...(on === undefined ? {} : { 'aria-pressed': on })} data-test={test} onClick={act}><Icon d={d} />{!!badge && <i>{badge}</i>}</button>
}

/** A press under this time is a click, a longer one or one that moves a drag, ms and pixels. */
const CLICK = 300
const STILL = 6

/** The call as a small icon that can be moved. */
function Dot({ c, time, label }: { c: Calling; time: string; label: string }) {
  const from = useRef<{ x: number; y: number; dx: number; dy: number; at: number; moved: boolean }>(undefined)
  const place = c.at ? `left:${c.at.x}px;top:${c.at.y}px` : 'right:14px;top:76px'
  return (
    <button
      type="button" class="call icon" style={place} aria-label={`${label} · ${time}`} data-test="dot"
      onPointerDown={(e) => {
        const r = e.currentTarget.getBoundingClientRect()
        e.currentTarget.setPointerCapture(e.pointerId)
        from.current = { x: e.clientX, y: e.clientY, dx: e.clientX - r.left, dy: e.clientY - r.top, at: Date.now(), moved: false }
      }}
      onPointerMove={(e) => {
        const f = from.current
        if (!f || (!f.moved && Math.hypot(e.clientX - f.x, e.clientY - f.y) < STILL)) return
        f.moved = true
        const r = e.currentTarget.getBoundingClientRect()
        c.at = { x: Math.min(innerWidth - r.width, Math.max(0, e.clientX - f.dx)), y: Math.min(innerHeight - r.height, Math.max(0, e.clientY - f.dy)) }
        c.draw()
      }}
      onPointerUp={() => { const f = from.current; from.current = undefined; if (f && !f.moved && Date.now() - f.at < CLICK) c.set('half') }}
      onKeyDown={(e) => { if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); c.set('half') } }}
    ><Icon d={ICONS.end} />{time}</button>
  )
}
