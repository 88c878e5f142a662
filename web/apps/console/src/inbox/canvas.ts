import { shallowReactive } from 'vue'
import type { Canvas } from '@parlor/protocol/marks'
import type { Message } from '@parlor/protocol/types'
import { rest, socket } from '../realtime/client'

/** The newest known state of each picture that is drawn on together, by its id. */
export const canvases = shallowReactive(new Map<string, Canvas>())
/** Conversations whose canvases have been read, the oldest first. */
const known = new Set<string>()
const KEPT = 100

function keep(c: Canvas) {
  const had = canvases.get(c.id)
  if (!had || c.version >= had.version) canvases.set(c.id, c)
}
/** Reads the canvases of a conversation unless they are known. */
export async function need(conversation: string) {
  if (known.has(conversation)) return
  known.add(conversation)
  for (const old of known) {
    if (known.size <= KEPT) break
    known.delete(old)
    for (const c of canvases.values()) if (c.conversation === old) canvases.delete(c.id)
  }
  try {
    const { data } = await rest.GET('/api/parlor/v1/conversations/{id}/canvases', { params: { path: { id: conversation } } })
    data?.items?.forEach(keep)
  } catch {
    known.delete(conversation)
  }
}
socket.on('canvas', (e) => { if (known.has(e.canvas.conversation)) keep(e.canvas) })
// What changed while the connection was lost is read anew.
socket.on('hello', () => {
  const again = [...known]
  known.clear()
  for (const id of again) void need(id)
})

/** The canvas of a picture in the thread: the one it shows, one that was begun from it, or a new one. */
export async function canvasFor(m: Message): Promise<string> {
  if (m.canvas) return m.canvas
  await need(m.conversation)
  for (const c of canvases.values()) if (c.conversation === m.conversation && c.file === m.file?.id) return c.id
  const { canvas } = await socket.request('canvas-start', { conversation: m.conversation, seq: m.seq, clientId: crypto.randomUUID?.() ?? String(Math.random()).slice(2) })
  keep(canvas)
  return canvas.id
}
