/** Replaces the digits of card and identity numbers by dots, before what is being typed leaves the browser. */

const luhn = (d: string) => {
  let sum = 0
  for (let i = 0; i < d.length; i++) {
    let n = +d[d.length - 1 - i]!
    if (i % 2 && (n *= 2) > 9) n -= 9
    sum += n
  }
  return sum % 10 === 0
}
/** The check digit of a Chinese identity number (GB 11643). */
const chinese = (d: string) => {
  const w = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
  return '10X98765432'[w.reduce((n, x, i) => n + x * +d[i]!, 0) % 11] === d[17]!.toUpperCase()
}
/** The two check digits of a Brazilian CPF. */
const cpf = (d: string) => {
  if (/^(\d)\1*$/.test(d)) return false
  return [9, 10].every((n) => {
    let sum = 0
    for (let i = 0; i < n; i++) sum += +d[i]! * (n + 1 - i)
    return ((sum * 10) % 11) % 10 === +d[n]!
  })
}
/** Digits that may be grouped by blanks, dots or hyphens, 11 to 19 of them, or 17 and an X. */
const RUNS = /(?<![\d])\d(?:[ .\-–\u00a0]?\d){9,18}(?:[ .\-–\u00a0]?[\dXx])?(?!\d)/g

export const redact = (text: string): string => text.replace(RUNS, (run) => {
  const d = run.replace(/[^\dXx]/g, '')
  const secret = (d.length === 18 && chinese(d)) || (/^\d+$/.test(d) && ((d.length >= 13 && d.length <= 19 && luhn(d)) || (d.length === 11 && cpf(d))))
  return secret ? run.replace(/[\dXx]/g, '•') : run
})
