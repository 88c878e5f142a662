import { expect, it } from 'vitest'
import { redact } from '../src/panel/redact'

// Row 38: card and identity numbers do not leave the browser before they are sent.
it.each([
  ['my card is 4111 1111 1111 1111 ok', 'my card is •••• •••• •••• •••• ok'],
  ['6222021234567890129', '6222021234567890129'],
  ['5500-0000-0000-0004,', '••••-••••-••••-••••,'],
  ['身份证11010519491231002X。', '身份证••••••••••••••••••。'],
  ['110105194912310021', '110105194912310021'],
  ['CPF 529.982.247-25', 'CPF •••.•••.•••-••'],
  ['529.982.247-26', '529.982.247-26'],
  ['111.111.111-11', '111.111.111-11'],
  ['call 13800138000 or 0571-12345678', 'call 13800138000 or 0571-12345678'],
  ['order 1234567890', 'order 1234567890'],
])('%s', (text, want) => {
  expect(redact(text)).toBe(want)
})
