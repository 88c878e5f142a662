import { disconnected, ParlorError, toError } from '@parlor/protocol/errors'
import type { FileInfo, Problem } from '@parlor/protocol/types'
import { upload as send } from '@parlor/protocol/upload'
import type { Chat, Upload } from './chat'

// Files on their way; loaded with the first one.

let serial = 0

/** Sends files one by one; a recording carries its length in milliseconds. */
export function take(chat: Chat, list: Iterable<File>, duration?: number) {
  for (const file of list) {
    const u: Upload = { id: ++serial, file, preview: file.type.startsWith('image/') ? URL.createObjectURL(file) : '', part: 0, abort: new AbortController(), ...(duration ? { duration } : {}) }
    chat.uploads = [...chat.uploads, u]
    void run(chat, u)
  }
  chat.changed()
}
export async function run(chat: Chat, u: Upload) {
  const set = (x: Partial<Upload>) => {
    Object.assign(u, x)
    chat.uploads = chat.uploads.slice()
    chat.changed()
  }
  set({ error: undefined, part: 0 })
  if (u.file.size > (chat.session?.maxFile || Infinity)) return set({ error: 'size' })
  try {
    const r = await send('/api/parlor/v1/visitor/files', u.file, { Authorization: 'Bearer ' + chat.token }, (part) => set({ part }), u.abort.signal)
    if (r.status >= 300) throw new ParlorError(r.body[0] === '{' ? (JSON.parse(r.body) as Problem) : disconnected())
    const file = JSON.parse(r.body) as FileInfo
    drop(chat, u)
    chat.add({ kind: u.duration ? 'voice' : u.file.type.startsWith('image/') ? 'image' : 'file', file: { ...file, ...(u.duration ? { duration: u.duration } : {}) } })
  } catch (e) {
    const error = toError(e)
    set({ error: error.code === 'too_large' ? 'size' : error.temporary || error.code === 'internal' ? 'lost' : 'refused' })
  }
}
export function drop(chat: Chat, u: Upload) {
  u.abort.abort()
  if (u.preview) URL.revokeObjectURL(u.preview)
  chat.uploads = chat.uploads.filter((x) => x !== u)
  chat.changed()
}
