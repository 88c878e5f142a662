// Formatters are costly, so they are made once per language and not while drawing.
let clock: Intl.DateTimeFormat
let date: Intl.DateTimeFormat

export function setLocale(tag: string) {
  clock = new Intl.DateTimeFormat(tag, { hour: '2-digit', minute: '2-digit' })
  date = new Intl.DateTimeFormat(tag, { month: 'long', day: 'numeric' })
}
export const time = (iso: string) => clock.format(new Date(iso))
export const day = (iso: string | number) => new Date(iso).toDateString()
export const dayName = (iso: string, today: string, yesterday: string) => {
  const d = day(iso)
  if (d === day(Date.now())) return today
  return d === day(Date.now() - 86_400_000) ? yesterday : date.format(new Date(iso))
}
export const size = (n: number) => (n < 1e6 ? Math.max(1, Math.round(n / 1e3)) + ' kB' : (n / 1e6).toFixed(1).replace('.0', '') + ' MB')
