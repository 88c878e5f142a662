import { onBeforeUnmount, ref } from 'vue'
import { API } from '@parlor/protocol/rest'
import { ParlorError } from '@parlor/protocol/errors'
import { upload } from '@parlor/protocol/upload'
import type { FileInfo, Problem } from '@parlor/protocol/types'
import { reasonText } from '../app/toasts'
import { t } from '../i18n'
import { csrfToken } from '../realtime/client'

export interface Job { id: number; file: File; part: number; preview: string; done?: FileInfo; error?: string; abort: AbortController }

/** Sends one file to the server. Rejects with ParlorError, or AbortError when it was stopped. */
export async function uploadFile<T = FileInfo>(path: string, file: File, progress: (part: number) => void = () => {}, signal?: AbortSignal): Promise<T> {
  const r = await upload(API + path, file, { 'X-CSRF-Token': csrfToken() }, progress, signal)
  if (r.status >= 300) throw new ParlorError(r.body.startsWith('{') ? (JSON.parse(r.body) as Problem) : { code: r.status === 413 ? 'too_large' : 'internal', reason: 'http_' + r.status })
  return JSON.parse(r.body) as T
}

/** Files on their way to the server, with progress, for a composer. */
export function useUploads() {
  const jobs = ref<Job[]>([])
  let serial = 0
  async function run(id: number) {
    const job = jobs.value.find((j) => j.id === id)!
    job.error = undefined
    try {
      job.done = await uploadFile('/files', job.file, (p) => { job.part = p }, job.abort.signal)
      job.part = 1
    } catch (e) {
      if ((e as Error).name === 'AbortError') return
      job.error = e instanceof ParlorError ? reasonText(e.reason, e.code, e.message) : t('reason.unavailable')
    }
  }
  function addFiles(files: Iterable<File>) {
    for (const file of files) {
      jobs.value.push({ id: ++serial, file, part: 0, preview: file.type.startsWith('image/') ? URL.createObjectURL(file) : '', abort: new AbortController() })
      void run(serial)
    }
  }
  function drop(job: Job) {
    job.abort.abort()
    if (job.preview) URL.revokeObjectURL(job.preview)
    jobs.value = jobs.value.filter((j) => j.id !== job.id)
  }
  onBeforeUnmount(() => jobs.value.forEach((j) => { j.abort.abort(); if (j.preview) URL.revokeObjectURL(j.preview) }))
  return { jobs, addFiles, run, drop }
}
