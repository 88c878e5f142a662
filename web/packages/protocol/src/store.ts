/** The page's local storage, or undefined where the browser forbids it. */
export function localStore(): Storage | undefined {
  try {
    const probe = 'parlor.probe'
    localStorage.setItem(probe, '1')
    localStorage.removeItem(probe)
    return localStorage
  } catch {
    return undefined
  }
}

/**
 * Limits calls: the first goes through at once, later ones at most every `ms` with the newest argument.
 * `flush` sends what is held back now; `cancel` forgets it.
 */
export function throttle<A>(ms: number, fn: (arg: A) => void) {
  let last = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let held: [A] | undefined
  const go = () => {
    timer = undefined
    if (!held) return
    const [arg] = held
    held = undefined
    last = Date.now()
    fn(arg)
  }
  const run = (arg: A) => {
    held = [arg]
    if (timer) return
    const wait = last + ms - Date.now()
    if (wait <= 0) go()
    else timer = setTimeout(go, wait)
  }
  run.flush = () => { clearTimeout(timer); go() }
  run.cancel = () => { clearTimeout(timer); timer = undefined; held = undefined }
  return run
}

/** Uploads one file. `progress` gets 0…1; the result is the server's answer or a rejection with its body. */
export function upload(
  url: string, file: File, headers: Record<string, string>, progress: (part: number) => void, signal?: AbortSignal,
): Promise<{ status: number; body: string }> {
  return new Promise((done, fail) => {
    const x = new XMLHttpRequest()
    x.open('POST', url)
    for (const [k, v] of Object.entries(headers)) x.setRequestHeader(k, v)
    x.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total)
    x.onload = () => done({ status: x.status, body: x.responseText })
    x.onerror = () => fail(new TypeError('network'))
    x.onabort = () => fail(new DOMException('aborted', 'AbortError'))
    signal?.addEventListener('abort', () => x.abort())
    const form = new FormData()
    form.append('file', file, file.name)
    x.send(form)
  })
}
