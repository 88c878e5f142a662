import { expect, test } from 'vitest'
import { csv, dayOf, lasted, SERVICE, type Figures } from '../src/desk/report'

test('a table as CSV is read as it was meant', () => {
  expect(csv([['a', 'b "c"'], ['x,y', 3], ['=1+1', -2], ['line\nbreak', '@x']])).toBe('\uFEFFa,"b ""c"""\r\n"x,y",3\r\n\'=1+1,-2\r\n"line\nbreak",\'@x\r\n')
})

test('times and days', () => {
  expect([0, 59_400, 59_600, 3_599_000, 3_600_000, 90_061_000].map(lasted)).toEqual(['0s', '59s', '1m 00s', '59m 59s', '1h 00m', '25h 01m'])
  expect(dayOf(new Date(2026, 0, 2, 23, 59))).toBe('2026-01-02')
})

test('a share without conversations is none', () => {
  const row = { accepted: 0, valid: 0, firstMax: 0, responseMax: 0 } as Figures
  const of = (id: string, r: Figures) => SERVICE.find((c) => c.id === id)!.of(r)
  expect([of('validShare', row), of('firstMax', row), of('invalid', row)]).toEqual([undefined, undefined, 0])
  expect(of('validShare', { ...row, accepted: 4, valid: 3 })).toBe(75)
})
