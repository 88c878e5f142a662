import { toError } from './errors'
import type { Call, CallEmit, CallJoined, CallListen, CallSignal } from './types'
import type { News } from './whiteboard'

/** The connection of a call: the sockets of console and widget. */
export interface CallLine {
  link: string
  request<K extends keyof CallEmit>(event: K, arg: CallEmit[K][0]): Promise<CallEmit[K][1]>
  on<K extends keyof CallListen>(event: K, fn: (e: CallListen[K]) => void): () => void
  on(event: 'link', fn: (link: string) => void): () => void
}

/** How well the other side is heard and seen. */
export interface Quality { loss: number; rtt: number; relayed: boolean; word: 'good' | 'fair' | 'poor' }
export type Device = 'microphone' | 'camera'
/** What a side has switched on, and what its person did not want to. */
interface Shown { mic: boolean; camera: boolean; screen: boolean; declined?: Device | undefined }

const PING = 10_000
const STATS = 2_000
/** How long the way may be interrupted before another is sought, and how long the first may take, ms. */
const LOST = 2_000
const FIRST = 40_000

/** The media of a call may be asked for once: whoever has them is asked for no permission again. */
export async function media(kind: Call['kind']): Promise<{ stream: MediaStream; denied: boolean }> {
  const d = navigator.mediaDevices as MediaDevices | undefined
  const tries: MediaStreamConstraints[] = kind === 'video' ? [{ audio: true, video: { width: { ideal: 1280 }, height: { ideal: 720 } } }, { audio: true }] : [{ audio: true }]
  for (const want of tries) {
    try {
      if (d) return { stream: await d.getUserMedia(want), denied: false }
    } catch {
      // The next try asks for less.
    }
  }
  return { stream: new MediaStream(), denied: true }
}

/**
 * One side of a call. The agent's side makes the offers; the visitor's says when it is ready and answers.
 * Picture and sound go from browser to browser; what they must tell each other goes over the socket.
 */
export class Peer {
  readonly remote = new MediaStream()
  phase: 'waiting' | 'connecting' | 'connected' | 'reconnecting' | 'ended' = 'waiting'
  quality?: Quality
  mic = true
  camera: boolean
  screen = false
  cameras = 0
  other: Shown = { mic: true, camera: true, screen: false }
  /** What the agent has asked the visitor to switch on. */
  asked?: Device | undefined
  /** What the agent did with a device of this visitor, or asks for, until it is answered. */
  notice?: { device: Device; on: boolean } | undefined
  /** Hears that the visitor did not want to. */
  ondeclined?: (d: Device) => void
  /** Hear of the whiteboard, and that the place in the call is back. */
  onboard?: (n: News) => void
  onback?: () => void
  private pc?: RTCPeerConnection | undefined
  /** Names one attempt; the other side drops what belongs to an earlier one. */
  private turn = ''
  private page = Math.random().toString(36).slice(2)
  private seen = ''
  private waiting: RTCIceCandidateInit[] = []
  private offs: (() => void)[] = []
  private timers: ReturnType<typeof setInterval>[] = []
  private lost?: ReturnType<typeof setTimeout> | undefined
  private shared?: MediaStream | undefined
  private before = { lost: 0, got: 0 }
  private chain = Promise.resolve()

  constructor(private line: CallLine, private side: 'agent' | 'visitor', public joined: CallJoined, readonly local: MediaStream, private changed: () => void, private failed: () => void) {
    this.camera = local.getVideoTracks().length > 0
    this.mic = local.getAudioTracks().length > 0
    this.offs.push(
      // One after the other: a description must be in place before what follows it.
      line.on('call-signal', (s) => { if (s.call === joined.call.id) this.chain = this.chain.then(() => this.hear(s)).catch(() => undefined) }),
      line.on('link', (l) => { if (l === 'online') void this.rejoin() }),
    )
    this.timers.push(setInterval(() => void this.ping(), PING), setInterval(() => void this.measure(), STATS))
    void navigator.mediaDevices?.enumerateDevices().then((list) => { this.cameras = list.filter((d) => d.kind === 'videoinput').length; changed() }, () => undefined)
  }

  /** Says that this side has its media and is in the call. */
  start() {
    this.phase = 'connecting'
    this.timers.push(setTimeout(() => { if (this.phase === 'connecting') this.failed() }, FIRST))
    this.say('ready', { page: this.page })
    this.say('board', { hello: true }) // there may be one already
    this.changed()
  }
  /** Tells the other side's whiteboard. */
  tellBoard(n: News) { return this.line.request('call-signal', { ticket: this.joined.ticket, type: 'board', data: JSON.stringify(n) }) }
  /** Shows the whiteboard to both sides. */
  openBoard() { return this.line.request('call-board', { call: this.joined.call.id }) }
  private say(type: CallSignal['type'], data: unknown) {
    this.line.request('call-signal', { ticket: this.joined.ticket, type, data: JSON.stringify(data) }).catch(() => undefined) // told again when the connection is back
  }
  private tell(declined?: Device) { this.say('state', { mic: this.mic, camera: this.camera, screen: this.screen, declined } satisfies Shown) }

  private async hear(s: CallSignal) {
    if (this.phase === 'ended' || this.phase === 'waiting') return
    const d = JSON.parse(s.data) as { page?: string; restart?: boolean; turn?: string; sdp?: string; candidate?: RTCIceCandidateInit; device?: Device; action?: string } & Shown
    switch (s.type) {
      case 'ready':
        if (this.side === 'visitor') this.say('ready', { page: this.page })
        else if (d.page !== this.seen || !this.pc) { this.seen = d.page!; await this.offer() }
        else if (d.restart || this.pc.connectionState === 'failed') await this.restart()
        if (this.pc?.connectionState === 'connected') this.tell() // it may have missed the last
        break
      case 'offer':
        if (this.side !== 'visitor') break
        if (d.turn !== this.turn || !this.pc) this.open(d.turn!)
        await this.pc!.setRemoteDescription({ type: 'offer', sdp: d.sdp! })
        for (const t of this.pc!.getTransceivers()) {
          t.direction = 'sendrecv'
          const track = t.receiver.track.kind === 'audio' ? this.local.getAudioTracks()[0] : this.picture
          if (track && t.sender.track !== track) await t.sender.replaceTrack(track)
        }
        await this.pc!.setLocalDescription()
        this.say('answer', { turn: this.turn, sdp: this.pc!.localDescription!.sdp })
        await this.flush()
        break
      case 'answer':
        if (d.turn !== this.turn || this.pc?.signalingState !== 'have-local-offer') break
        await this.pc.setRemoteDescription({ type: 'answer', sdp: d.sdp! })
        await this.flush()
        break
      case 'candidate':
        if (d.turn !== this.turn || !this.pc) break
        if (this.pc.remoteDescription) await this.pc.addIceCandidate(d.candidate)
        else if (this.waiting.length < 100) this.waiting.push(d.candidate!)
        break
      case 'state':
        this.other = { mic: d.mic, camera: d.camera, screen: d.screen }
        if (this.asked && d.declined === this.asked) this.ondeclined?.(d.declined)
        if (this.asked && (d.declined === this.asked || (this.asked === 'microphone' ? d.mic : d.camera))) this.asked = undefined
        break
      case 'device':
        if (this.side === 'visitor') this.switched(d.device!, d.action === 'on')
        break
      case 'board':
        this.onboard?.(d as News)
        return
    }
    this.changed()
  }
  private async flush() {
    const list = this.waiting
    this.waiting = []
    for (const c of list) await this.pc?.addIceCandidate(c)
  }
  /** What is shown of this side: the screen while it is shared, else the camera. */
  get picture() { return this.shared?.getVideoTracks()[0] ?? this.local.getVideoTracks()[0] }

  private open(turn: string) {
    this.pc?.close()
    this.turn = turn
    this.waiting = []
    const pc = this.pc = new RTCPeerConnection({ iceServers: this.joined.iceServers ?? [] })
    pc.onicecandidate = (e) => { if (e.candidate) this.say('candidate', { turn, candidate: e.candidate.toJSON() }) }
    pc.ontrack = (e) => {
      for (const old of this.remote.getTracks()) if (old.kind === e.track.kind) this.remote.removeTrack(old)
      this.remote.addTrack(e.track)
      this.changed()
    }
    pc.onconnectionstatechange = () => {
      if (pc !== this.pc) return
      clearTimeout(this.lost)
      this.lost = undefined
      if (pc.connectionState === 'connected') {
        this.phase = 'connected'
        this.tell()
      } else if (pc.connectionState === 'failed' || pc.connectionState === 'disconnected') {
        if (this.phase === 'connected') this.phase = 'reconnecting'
        this.lost = setTimeout(() => this.again(), pc.connectionState === 'failed' ? 0 : LOST)
      }
      this.changed()
    }
    return pc
  }
  /** Looks for another way. The visitor's side asks the agent's for it; it is asked again while there is none. */
  private again() {
    if (this.phase === 'ended' || this.pc?.connectionState === 'connected') return
    if (this.side === 'agent') void this.restart().catch(() => undefined)
    else this.say('ready', { page: this.page, restart: true })
    this.lost = setTimeout(() => this.again(), 4 * LOST)
  }
  private async offer() {
    const pc = this.open(Math.random().toString(36).slice(2))
    const streams = [this.local]
    pc.addTransceiver(this.local.getAudioTracks()[0] ?? 'audio', { direction: 'sendrecv', streams })
    pc.addTransceiver(this.picture ?? 'video', { direction: 'sendrecv', streams })
    await pc.setLocalDescription()
    this.say('offer', { turn: this.turn, sdp: pc.localDescription!.sdp })
  }
  private async restart() {
    const pc = this.pc
    if (!pc || pc.signalingState === 'closed') return this.offer()
    if (pc.signalingState === 'have-local-offer') await pc.setLocalDescription({ type: 'rollback' })
    pc.setConfiguration({ iceServers: this.joined.iceServers ?? [] })
    await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }))
    this.say('offer', { turn: this.turn, sdp: pc.localDescription!.sdp })
  }
  /** Takes the place in the call again after the socket was lost. */
  private async rejoin() {
    try {
      this.joined = await this.line.request('call-join', { call: this.joined.call.id })
      if (this.phase === 'waiting') return
      this.say('ready', { page: this.page, restart: this.pc?.connectionState !== 'connected' })
      this.say('board', { hello: true })
      this.onback?.()
    } catch (e) {
      if (!toError(e).temporary) this.failed()
    }
  }
  private async ping() {
    try {
      const { ticket } = await this.line.request('call-ping', { call: this.joined.call.id, ticket: this.joined.ticket, ...(this.quality ? { quality: { loss: this.quality.loss, rtt: this.quality.rtt, relayed: this.quality.relayed } } : {}) })
      this.joined = { ...this.joined, ticket }
    } catch {
      // The server ends the call if this lasts.
    }
  }
  private async measure() {
    if (this.pc?.connectionState !== 'connected') return
    let lost = 0
    let got = 0
    let rtt = 0
    let relayed = false
    const stats = await this.pc.getStats()
    stats.forEach((r: { type: string; packetsLost?: number; packetsReceived?: number; nominated?: boolean; state?: string; currentRoundTripTime?: number; localCandidateId?: string; remoteCandidateId?: string }) => {
      if (r.type === 'inbound-rtp') {
        lost += r.packetsLost ?? 0
        got += r.packetsReceived ?? 0
      } else if (r.type === 'candidate-pair' && r.nominated && r.state === 'succeeded') {
        rtt = Math.round((r.currentRoundTripTime ?? 0) * 1_000)
        relayed = [r.localCandidateId, r.remoteCandidateId].some((id) => (stats.get(id!) as { candidateType?: string } | undefined)?.candidateType === 'relay')
      }
    })
    const [l, g] = [Math.max(0, lost - this.before.lost), Math.max(0, got - this.before.got)]
    this.before = { lost, got }
    const loss = l + g ? Math.round((l * 1_000) / (l + g)) : 0
    const first = !this.quality
    this.quality = { loss, rtt, relayed, word: loss < 20 && rtt < 250 ? 'good' : loss < 80 && rtt < 500 ? 'fair' : 'poor' }
    if (first) void this.ping() // short calls have a quality too
    this.changed()
  }

  mute(on: boolean) {
    for (const t of this.local.getAudioTracks()) t.enabled = !on
    this.mic = !on && this.local.getAudioTracks().length > 0
    if (this.notice?.device === 'microphone') this.notice = undefined
    this.tell()
    this.changed()
  }
  show(on: boolean) {
    for (const t of this.local.getVideoTracks()) t.enabled = on
    this.camera = on && this.local.getVideoTracks().length > 0
    if (this.notice?.device === 'camera') this.notice = undefined
    this.tell()
    this.changed()
  }
  private has(d: Device) { return d === 'microphone' ? this.mic : this.camera }
  /** Switches a device of the visitor off, or asks for it. */
  switchOther(device: Device, on: boolean) {
    this.asked = on ? device : undefined
    this.say('device', { device, action: on ? 'on' : 'off' })
    this.changed()
  }
  /** The agent has switched a device off, which holds at once, or asks for it, which wants consent. */
  private switched(device: Device, on: boolean) {
    if (this.has(device) === on) return this.tell() // it may have missed it
    if (!on && device === 'microphone') this.mute(true)
    else if (!on) this.show(false)
    this.notice = { device, on }
  }
  /** The visitor answers what the agent asks for, or has read what was done. */
  async consent(yes: boolean) {
    const n = this.notice
    this.notice = undefined
    this.changed()
    if (!n?.on) return
    const list = () => (n.device === 'microphone' ? this.local.getAudioTracks() : this.local.getVideoTracks())
    if (yes && !list().length) {
      try {
        const got = await navigator.mediaDevices.getUserMedia(n.device === 'microphone' ? { audio: true } : { video: true })
        for (const t of got.getTracks()) this.local.addTrack(t)
        if (n.device === 'microphone') await this.replace(list()[0]!, 'audio')
        else if (!this.screen) await this.replace(list()[0]!)
      } catch {
        yes = false // the browser or the person refuses
      }
    }
    if (!yes) this.tell(n.device)
    else if (n.device === 'microphone') this.mute(false)
    else this.show(true)
  }
  private async replace(track: MediaStreamTrack | null, kind = 'video') {
    const t = this.pc?.getTransceivers().find((x) => x.receiver.track.kind === kind)
    await t?.sender.replaceTrack(track)
  }
  /** Goes to the next camera. */
  async turnCamera() {
    const old = this.local.getVideoTracks()[0]
    const list = (await navigator.mediaDevices.enumerateDevices()).filter((d) => d.kind === 'videoinput')
    const at = list.findIndex((d) => d.deviceId === old?.getSettings().deviceId)
    const next = list[(at + 1) % list.length]
    if (!old || !next) return
    const track = (await navigator.mediaDevices.getUserMedia({ video: { deviceId: { exact: next.deviceId } } })).getVideoTracks()[0]!
    track.enabled = this.camera
    old.stop()
    this.local.removeTrack(old)
    this.local.addTrack(track)
    if (!this.screen) await this.replace(track)
    this.changed()
  }
  /** Shows the screen in place of the camera, until it is switched off here or in the browser. */
  async share(on: boolean) {
    if (on && !this.shared) {
      try {
        this.shared = await navigator.mediaDevices.getDisplayMedia({ video: true })
      } catch {
        return // it was not chosen
      }
      this.shared.getVideoTracks()[0]!.onended = () => void this.share(false)
    } else if (!on) {
      this.shared?.getTracks().forEach((t) => t.stop())
      this.shared = undefined
    }
    this.screen = !!this.shared
    await this.replace(this.picture ?? null)
    this.tell()
    this.changed()
  }
  close() {
    if (this.phase === 'ended') return
    this.phase = 'ended'
    this.offs.forEach((off) => off())
    this.timers.forEach((t) => clearInterval(t))
    clearTimeout(this.lost)
    this.pc?.close()
    for (const s of [this.local, this.shared]) s?.getTracks().forEach((t) => t.stop())
    this.changed()
  }
}

/** Minutes and seconds of a time, in seconds. */
export const timer = (s: number) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, '0')}`
