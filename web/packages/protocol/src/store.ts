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
