import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Peer, type CallLine } from '../src/call'
import type { CallJoined, CallSignal } from '../src/types'

const track = (kind: string) => ({ kind, enabled: true, stop: vi.fn() })
/** A stream of what a person lets in. */
function stream(...kinds: string[]) {
  const list = kinds.map(track)
  return { list, getTracks: () => list, getAudioTracks: () => list.filter((t) => t.kind === 'audio'), getVideoTracks: () => list.filter((t) => t.kind === 'video'), addTrack: (t: ReturnType<typeof track>) => void list.push(t) }
}
const joined = { call: { id: 'c1' }, ticket: 't' } as CallJoined
let open: Peer[] = []
/** One side of a call whose other side is the test. */
function side(who: 'agent' | 'visitor', ...kinds: string[]) {
  const heard = new Map<string, (e: unknown) => void>()
  const sent: { type: string; data: Record<string, unknown> }[] = []
  const line = {
    link: 'online',
    request: (event: string, arg: { type: string; data: string }) => { if (event === 'call-signal') sent.push({ type: arg.type, data: JSON.parse(arg.data) as Record<string, unknown> }); return Promise.resolve(joined) },
    on: (event: string, fn: (e: unknown) => void) => { heard.set(event, fn); return () => heard.delete(event) },
  }
  const local = stream(...kinds)
  const peer = new Peer(line as unknown as CallLine, who, joined, local as unknown as MediaStream, () => undefined, () => undefined)
  open.push(peer)
  peer.start()
  const hear = async (type: CallSignal['type'], data: unknown) => {
    heard.get('call-signal')!({ call: 'c1', from: who === 'agent' ? 'visitor' : 'agent', type, data: JSON.stringify(data) })
    await new Promise((r) => setTimeout(r))
  }
  return { peer, local, sent, hear, link: async () => { heard.get('link')!('online'); await new Promise((r) => setTimeout(r)) }, told: () => sent.filter((s) => s.type === 'state').map((s) => s.data) }
}
beforeEach(() => { vi.stubGlobal('MediaStream', class { getTracks() { return [] } getVideoTracks() { return [] } }) })
afterEach(() => {
  open.forEach((p) => p.close())
  open = []
  vi.unstubAllGlobals()
})

describe('a device of the visitor', () => {
  it('is switched off at once, and the visitor is told', async () => {
    const v = side('visitor', 'audio', 'video')
    await v.hear('device', { device: 'microphone', action: 'off' })
    expect(v.local.list.map((t) => t.enabled)).toEqual([false, true])
    expect(v.peer.notice).toEqual({ device: 'microphone', on: false })
    expect(v.told()).toEqual([{ mic: false, camera: true, screen: false }])
    await v.peer.consent(false)
    expect(v.peer.notice).toBeUndefined()
    expect(v.told()).toHaveLength(1)
  })

  it('is switched on only when the visitor says so', async () => {
    const v = side('visitor', 'audio', 'video')
    v.peer.show(false)
    await v.hear('device', { device: 'camera', action: 'on' })
    expect(v.local.list[1]!.enabled).toBe(false)
    await v.peer.consent(false)
    expect(v.local.list[1]!.enabled).toBe(false)
    expect(v.told().at(-1)).toEqual({ mic: true, camera: false, screen: false, declined: 'camera' })
    await v.hear('device', { device: 'camera', action: 'on' })
    await v.peer.consent(true)
    expect(v.local.list[1]!.enabled).toBe(true)
    expect(v.told().at(-1)).toEqual({ mic: true, camera: true, screen: false })
  })

  it('is asked of the browser if the call began without it', async () => {
    const ask = vi.fn(() => Promise.resolve(stream('video')))
    vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: ask, enumerateDevices: () => Promise.resolve([]) } })
    const v = side('visitor', 'audio')
    await v.hear('device', { device: 'camera', action: 'on' })
    expect(ask).not.toHaveBeenCalled()
    await v.peer.consent(true)
    expect(v.told().at(-1)).toMatchObject({ camera: true })
    ask.mockRejectedValueOnce(new Error('refused'))
    const w = side('visitor')
    await w.hear('device', { device: 'microphone', action: 'on' })
    await w.peer.consent(true)
    expect(w.told().at(-1)).toMatchObject({ mic: false, declined: 'microphone' })
  })

  it('is no longer asked for once the visitor has switched it', async () => {
    const v = side('visitor', 'audio')
    v.peer.mute(true)
    await v.hear('device', { device: 'microphone', action: 'on' })
    expect(v.peer.notice).toEqual({ device: 'microphone', on: true })
    v.peer.mute(false)
    expect(v.peer.notice).toBeUndefined()
  })

  it('tells its state again if it stands so already', async () => {
    const v = side('visitor', 'audio')
    await v.hear('device', { device: 'microphone', action: 'on' })
    expect(v.peer.notice).toBeUndefined()
    expect(v.told()).toHaveLength(1)
  })

  it('is the agent\'s to ask for, and nobody switches the agent\'s', async () => {
    const a = side('agent', 'audio')
    await a.hear('device', { device: 'microphone', action: 'off' })
    expect(a.local.list[0]!.enabled).toBe(true)
    a.peer.ondeclined = vi.fn()
    a.peer.switchOther('camera', true)
    expect([a.peer.asked, a.sent.at(-1)]).toEqual(['camera', { type: 'device', data: { device: 'camera', action: 'on' } }])
    await a.hear('state', { mic: true, camera: false, screen: false })
    expect(a.peer.asked).toBe('camera')
    await a.hear('state', { mic: true, camera: false, screen: false, declined: 'camera' })
    expect(a.peer.asked).toBeUndefined()
    // What is told again later was answered already.
    await a.hear('state', { mic: true, camera: false, screen: false, declined: 'camera' })
    expect(a.peer.ondeclined).toHaveBeenCalledTimes(1)
  })
})

describe('the whiteboard of a call', () => {
  it('is asked for with the call, and again when the place in it is back', async () => {
    const v = side('visitor', 'audio')
    const hello = () => v.sent.filter((s) => s.type === 'board' && s.data['hello']).length
    expect(hello()).toBe(1)
    v.peer.onback = vi.fn()
    await v.link()
    expect(hello()).toBe(2)
    expect(v.peer.onback).toHaveBeenCalledTimes(1)
    v.peer.onboard = vi.fn()
    await v.hear('board', { open: true })
    expect(v.peer.onboard).toHaveBeenCalledWith({ open: true })
  })
})
