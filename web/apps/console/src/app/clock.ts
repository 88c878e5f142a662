import { ref } from 'vue'

/** The time of the server, ms, ticking once a second for everything that counts seconds on screen. */
export const now = ref(Date.now())
let offset = 0
const tick = () => { now.value = Date.now() + offset }
setInterval(tick, 1_000)

/** Takes over the server's clock, so that waiting times agree on every screen. */
export function setServerTime(iso: string) {
  const t = Date.parse(iso)
  if (!Number.isNaN(t)) offset = t - Date.now()
  tick()
}
