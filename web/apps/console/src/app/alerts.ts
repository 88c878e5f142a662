import { computed, watch } from 'vue'
import { prefs } from './prefs'

let audio: AudioContext | undefined
let sounded = -Infinity

/** A short two-tone chime made on the spot, at most one a second. Silent when switched off, or before the first click on the page. */
export function chime(high = false) {
  if (!prefs.sound || performance.now() - sounded < 1_000) return
  sounded = performance.now()
  try {
    audio ??= new AudioContext()
    if (audio.state === 'suspended') void audio.resume()
    const t = audio.currentTime
    for (const [i, hz] of (high ? [784, 1047] : [659, 880]).entries()) {
      const osc = audio.createOscillator()
      const gain = audio.createGain()
      osc.frequency.value = hz
      gain.gain.setValueAtTime(0, t + i * 0.12)
      gain.gain.linearRampToValueAtTime(0.08, t + i * 0.12 + 0.015)
      gain.gain.exponentialRampToValueAtTime(0.0001, t + i * 0.12 + 0.32)
      osc.connect(gain).connect(audio.destination)
      osc.start(t + i * 0.12)
      osc.stop(t + i * 0.12 + 0.35)
    }
  } catch {
    audio = undefined
  }
}

export const canNotify = typeof Notification !== 'undefined'

/** Asks the browser for permission; call it from a click. Resolves to whether notices are on. */
export async function askNotify(): Promise<boolean> {
  if (!canNotify) return false
  prefs.notify = (await Notification.requestPermission()) === 'granted'
  return prefs.notify
}

/** Shows a desktop notice while the page is hidden. A click brings the page back and calls `go`. */
export function notice(title: string, body: string, tag: string, go: () => void) {
  if (!prefs.notify || !canNotify || Notification.permission !== 'granted' || !document.hidden) return
  const n = new Notification(title, { body, tag, icon: '/console/icon.svg' })
  n.onclick = () => {
    focus()
    go()
    n.close()
  }
}

/** Keeps the number of unread messages in the tab's title. */
export function followTitle(unread: () => number, name: () => string) {
  watch(computed(() => (unread() ? `(${unread()}) ${name()}` : name())), (t) => { document.title = t }, { immediate: true })
}
