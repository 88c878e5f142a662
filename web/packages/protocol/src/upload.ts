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
