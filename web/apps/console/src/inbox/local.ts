/** A time as an input of the type datetime-local wants it: in the reader's zone, to the minute. */
export function localTime(iso: string): string {
  const d = new Date(iso)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`
}

/** A phone number with its middle hidden: what remains tells it apart, not how to call it. */
export function maskPhone(phone: string): string {
  const digits = [...phone].filter((c) => /\d/.test(c)).length
  if (digits < 5) return phone
  let seen = 0
  return [...phone].map((c) => (/\d/.test(c) && ++seen > Math.min(3, digits - 4) && seen <= digits - 4 ? '•' : c)).join('')
}
