import { media } from '@parlor/protocol/call'
import { localStore } from '@parlor/protocol/store'
import type { Call } from '@parlor/protocol/types'
import type { Hello } from '../bridge'
import { Chat } from '../panel/chat'

/** What is set for the page, in the words of the contract. */
export interface Config {
  configName: string
  functionSettings: { skipWaitingPage: boolean; visitorCameraOff: boolean }
  styleSettings: { waitingPrompt: string; callingPrompt: string; endingPrompt: string }
}
/** `idle` before the visitor asks, `waiting` until somebody answers, `call`, `ended`. */
export type Phase = 'loading' | 'broken' | 'idle' | 'asking' | 'waiting' | 'call' | 'ended'

const API = '/v1/kefurtc/'
const query = new URLSearchParams(location.search)
const fragment = new URLSearchParams(location.hash.slice(1))
const said = (name: string) => query.get(name) ?? undefined

/** The origin of the page that holds this one, '' for none: what it is told goes nowhere else. */
export function hostOrigin(w: Window = window): string {
  if (w.parent === w) return ''
  const from = w.location.ancestorOrigins?.[0]
  if (from && from !== 'null') return from
  try {
    return w.document.referrer ? new URL(w.document.referrer).origin : ''
  } catch {
    return ''
  }
}

/** One visit to the video counter: asks, waits, is in the call, ends. */
export class Counter {
  phase: Phase = 'loading'
  chat: Chat
  config?: Config
  /** Why it ended, or what stands in the way. */
  reason = ''
  problem: '' | 'denied' | 'failed' = ''
  /** The agent who is being called or spoken to. */
  agent = ''
  rings = false
  /** Somebody was spoken to, who can be rated. */
  spoken = false
  held?: { stream: MediaStream; denied: boolean } | undefined
  readonly inbox = said('inbox') ?? ''
  readonly host = hostOrigin()
  private key = 'parlor.vec.' + this.inbox
  private part: Promise<typeof import('../panel/call')['counter']>
  private session = sessionStorage.getItem(this.key) ?? ''

  constructor(readonly locale: string, private changed: () => void) {
    const storage = localStore()
    const channel = new MessageChannel()
    channel.port2.onmessage = (e) => { if (e.data.t === 'token' && !fragment.get('identity')) storage?.setItem(this.key, e.data.token) }
    const hello: Hello = {
      parlor: 1, settings: { inbox: this.inbox, origin: location.origin, name: '' }, locale, theme: 'auto', token: fragment.get('token') ?? storage?.getItem(this.key) ?? '', compact: innerWidth <= 480,
      identity: fragment.get('identity') ?? undefined, page: { url: location.origin + location.pathname, title: document.title, referrer: document.referrer },
    }
    if (location.hash) history.replaceState(null, '', location.pathname + location.search)
    this.chat = new Chat(hello, channel.port1, () => this.follow())
    channel.port2.postMessage({ t: 'show', on: true })
    // Asked for before any call is heard of, so that it is told first what is wanted here.
    this.part = import('../panel/call').then((m) => Object.assign(m.counter, {
      wants: (c: Call) => this.wants(c),
      share: (document as { featurePolicy?: { allowsFeature(name: string): boolean } }).featurePolicy?.allowsFeature('display-capture') ?? false,
      media: async (kind: Call['kind']) => {
        const got = this.held ?? await this.open(kind)
        this.held = undefined // whoever takes it ends it
        return got
      },
    }))
    this.part.catch(() => { this.phase = 'broken'; this.changed() })
    addEventListener('message', (e: MessageEvent<{ event?: string } | null>) => {
      if (this.host && e.source === window.parent && e.origin === this.host && e.data?.event === 'webimVecClose') void this.finish()
    })
    void this.setUp()
  }
  private async setUp() {
    try {
      const r = await fetch(`${API}visitor/plugin/webim/${encodeURIComponent(this.inbox)}?lang=${encodeURIComponent(this.locale)}`)
      if (!r.ok) throw new Error(String(r.status))
      this.config = ((await r.json()) as { entity: Config }).entity
      ;(await this.part).cameraOff = this.config.functionSettings.visitorCameraOff
    } catch {
      this.phase = 'broken'
    }
    this.follow()
  }
  private async open(kind: Call['kind']) {
    const got = await media(kind)
    if (this.config?.functionSettings.visitorCameraOff) for (const t of got.stream.getVideoTracks()) t.enabled = false
    return got
  }
  /** Whether a call is the one that this tab asked for; another tab leaves it alone. */
  private wants(c: Call) {
    return c.by === 'visitor' && c.conversation === this.session && (this.phase === 'waiting' || this.phase === 'call')
  }
  private keep(session: string) {
    this.session = session
    if (session) sessionStorage.setItem(this.key, session)
    else sessionStorage.removeItem(this.key)
  }

  private listening = false
  /** Goes along with what the chat knows. */
  private follow() {
    const { chat } = this
    if (!this.listening && chat?.socket) {
      this.listening = true
      // Before the call part hears of a call it must be known whether it is wanted.
      chat.socket.on('call', ({ call }) => this.heard(call))
    }
    if (chat.phase === 'broken') this.phase = 'broken'
    else if (this.phase === 'loading' && chat.phase === 'ready' && this.config) this.arrived()
    else if (this.phase === 'waiting' && chat.state?.conversation === this.session && chat.state.status === 'closed') this.end('closed')
    this.changed()
  }
  private arrived() {
    const s = this.chat.state
    this.phase = 'idle'
    if (this.session && s?.conversation === this.session && s.status !== 'closed') this.phase = 'waiting' // the page was loaded again
    else {
      this.keep('')
      if (this.config!.functionSettings.skipWaitingPage && !this.chat.gate) void this.start()
    }
  }
  private heard(c: Call) {
    const over = c.state === 'TERMINATED' || c.state === 'ABORTED'
    const mine = this.wants(c)
    if (!over) {
      this.agent = c.agentName || this.agent
      this.rings = mine && c.state !== 'CONNECTED'
      if (c.state === 'CONNECTED' && (mine || c.by === 'agent')) {
        this.phase = 'call'
        this.spoken = true
        if (c.by === 'agent') this.keep(c.conversation)
      }
    } else if (mine || (c.by === 'agent' && this.phase === 'call')) {
      this.rings = false
      if (c.reason === 'agent_lost') this.phase = 'waiting' // the next agent calls
      else this.end(c.reason === 'hung_up' || c.reason === 'cancelled' ? '' : (c.reason ?? ''))
    }
    this.changed()
  }
  private end(reason: string) {
    this.phase = 'ended'
    this.reason = reason
    this.rings = false
    this.release()
    this.keep('')
  }
  private release() {
    this.held?.stream.getTracks().forEach((t) => t.stop())
    this.held = undefined
  }

  /** The visitor asks for a call. */
  async start() {
    if (this.phase !== 'idle' && this.phase !== 'ended') return
    const before = this.phase
    this.phase = 'asking'
    this.problem = ''
    this.changed()
    const got = this.held = await this.open('video')
    if (got.denied) return this.refuse(before, 'denied')
    try {
      await this.ask()
    } catch (e) {
      this.refuse(before, e instanceof Refused ? '' : 'failed')
    }
    this.changed()
  }
  private refuse(back: Phase, why: '' | 'denied' | 'failed') {
    this.release()
    this.phase = back
    this.problem = why
    this.changed()
  }
  private async ask() {
    const { chat } = this
    if (chat.state?.status === 'closed') chat.renew()
    const { team } = chat.wish
    const r = await fetch('/v1/imgateway/messages', {
      method: 'POST', headers: { Authorization: 'Bearer ' + chat.token, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        originType: 'webim', bodies: [{ type: 'txt', msg: '' }],
        ext: {
          type: 'agorartcmedia/video', targetSystem: 'kefurtc', msgtype: { liveStreamInvitation: { msg: '', resource: 'webim', isNewInvitation: true } }, weichat: { msg_id_for_ack: crypto.randomUUID?.() ?? String(Math.random()), language: this.locale },
          sessionExt: { source: said('source'), taskId: said('taskId'), queueId: team ?? said('queueId'), agentUserId: said('agentUserId'), inviteeVisitorName: said('inviteeVisitorName'), relatedSessionId: said('relatedSessionId'), relatedVisitorUserId: said('relatedVisitorUserId') },
        },
      }),
    })
    const a = (await r.json()) as { reason?: string; entities?: { ext: { weichat: { service_session?: { serviceSessionId: string } } } }[] }
    const session = a.entities?.find((x) => x.ext.weichat.service_session)?.ext.weichat.service_session?.serviceSessionId
    if (a.reason === 'closed' || a.reason === 'queue_full' || a.reason === 'known_only') {
      chat.why = a.reason === 'closed' ? 'notinworktime' : a.reason === 'queue_full' ? 'full' : 'noagent'
      chat.gate = 'offline'
      throw new Refused()
    }
    if (!r.ok || !session) throw new Error(a.reason)
    this.keep(session)
    this.phase = 'waiting'
    this.spoken = false
    const now = await chat.socket!.request('resume', { conversation: session, seq: 0 }).catch(() => undefined) // told again with the next connection
    if (now?.state) chat.setState(now.state)
  }

  /** The visitor has enough: of waiting, of the call, or of the page. */
  async finish() {
    const session = this.session || this.chat.state?.conversation
    if (session && this.chat.state?.status !== 'closed') {
      // Sent although the page may be taken away at once.
      await fetch(`${API}tenant/0/session/${session}/visitor/me/close`, { method: 'POST', keepalive: true, headers: { Authorization: 'Bearer ' + this.chat.token } }).catch(() => undefined)
    }
    if (this.phase === 'waiting' || this.phase === 'call') this.end('')
    this.changed()
  }
  /** Closes the page: the one that holds it takes it away. */
  async close() {
    await this.finish()
    if (this.host) window.parent.postMessage({ event: 'webimVecClose' }, this.host)
    else if (window.opener) window.close()
  }
}

/** It was refused for a reason that the page shows. */
class Refused extends Error {}
