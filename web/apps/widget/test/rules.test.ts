import { expect, it } from 'vitest'
import { holds, type Moment } from '../src/rules'

const noon = Date.UTC(2026, 0, 2, 12)
const moment = (x: Partial<Moment> = {}): Moment => ({ spent: 10, url: 'https://shop.example/lamp?x=1', referrer: 'https://www.baidu.com/', visits: 2, now: noon, zone: 480, invited: false, asked: 0, ...x })

// Row 34: automatic invitation by every condition.
it.each([
  [{ after: 10 }, {}, true],
  [{ after: 11 }, {}, false],
  [{ after: 0, page: 'https://shop.example/lamp*' }, {}, true],
  [{ after: 0, page: '*/cart' }, {}, false],
  [{ after: 0, page: 'https://shop.example/lamp' }, {}, false],
  [{ after: 0, referrer: '*baidu.com*' }, {}, true],
  [{ after: 0, referrer: '*google*' }, {}, false],
  [{ after: 0, minVisits: 3 }, {}, false],
  [{ after: 0, maxVisits: 1 }, {}, false],
  [{ after: 0, minVisits: 2, maxVisits: 2 }, {}, true],
  [{ after: 0, from: '19:00', to: '21:00' }, {}, true],
  [{ after: 0, from: '09:00', to: '12:00' }, {}, false],
  [{ after: 0, from: '22:00', to: '06:00' }, { now: Date.UTC(2026, 0, 2, 20) }, true],
  [{ after: 0 }, { asked: noon - 1_000 }, false],
  [{ after: 0, repeat: 60 }, { asked: noon - 59_000 }, false],
  [{ after: 0, repeat: 60 }, { asked: noon - 60_000, invited: true }, true],
  [{ after: 0, repeat: 60, once: true }, { asked: noon - 60_000, invited: true }, false],
])('judges %j', (rule, x, want) => {
  expect(!!holds([rule], moment(x))).toBe(want)
})

it('takes the first rule that holds', () => {
  expect(holds([{ after: 99 }, { after: 1, name: 'b' }, { after: 0, name: 'c' }], moment())?.name).toBe('b')
})
