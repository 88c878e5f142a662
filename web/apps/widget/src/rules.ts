import type { Rule } from './bridge'

/** What the rules of an invitation are judged by. */
export interface Moment {
  /** Seconds on this page. */
  spent: number
  url: string
  referrer: string
  visits: number
  /** Milliseconds, and the inbox's minutes east of UTC. */
  now: number
  zone: number
  /** Invited in this visit already; when an invitation was shown last, 0 for never. */
  invited: boolean
  asked: number
}

/** An address pattern in which * stands for anything. */
const like = (pattern: string | undefined, value: string) =>
  !pattern || new RegExp('^' + pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*') + '$', 'i').test(value)

const minute = (clock: string) => {
  const [h, m] = clock.split(':')
  return +h! * 60 + +m!
}
/** A span whose end is not after its beginning goes on past midnight. */
function within(from: string, to: string, now: number, zone: number): boolean {
  const at = Math.floor(now / 60_000 + zone + 1_440) % 1_440
  const [a, b] = [minute(from), minute(to)]
  return a < b ? at >= a && at < b : at >= a || at < b
}

/** The first rule that invites at this moment, as far as a page can tell: whether somebody is at work the server says. */
export const holds = (rules: Rule[], m: Moment): Rule | undefined => rules.find((r) =>
  m.spent >= r.after && !(r.once && m.invited) && (!m.asked || (!!r.repeat && m.now - m.asked >= r.repeat * 1_000)) && like(r.page, m.url) && like(r.referrer, m.referrer) &&
  (!r.minVisits || m.visits >= r.minVisits) && (!r.maxVisits || m.visits <= r.maxVisits) && (!r.from || !r.to || within(r.from, r.to, m.now, m.zone)))
