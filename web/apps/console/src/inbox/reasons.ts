import type { Decision, Schema, WhyNot } from '@parlor/protocol/types'
import { t, te } from '../i18n'

type Asked = Schema['Asked']

const named = (prefix: string, key: string) => (te(prefix + key) ? t(prefix + key) : key)
export const ruleName = (rule: string) => named('rule.', rule)
export const filterName = (filter: string) => named('filter.', filter)

/** How many agents each filter left out, the commonest first. */
export function leftOut(d: Decision): { filter: string; n: number; names: string[] }[] {
  const by = new Map<string, string[]>()
  for (const r of d.removed ?? []) by.set(r.filter, [...(by.get(r.filter) ?? []), r.name])
  return [...by].map(([filter, names]) => ({ filter, n: names.length, names })).sort((a, b) => b.n - a.n)
}

/** What came of the binding of a visitor, in a sentence. */
export function boundStep(d: Decision): string {
  const b = d.bound
  if (!b) return ''
  const held = b.outcome === 'full' || b.outcome === 'absent'
  return t(held ? 'bound.waits' : 'bound.step', { agent: b.name, flag: b.flag, why: t('bound.why.' + b.outcome) })
}

/** What came along with a visitor and what it did, a sentence each. */
export function whatCame(a: Asked | undefined, team: (id: string) => string): string[] {
  if (!a) return []
  const flags = [a.businessFlag && t('bound.businessFlag', { flag: a.businessFlag }), a.routingFlag && t('bound.routingFlag', { flag: a.routingFlag })].filter(Boolean)
  return [
    flags.length && t('bound.flags', { flags: flags.join(t('common.comma')) }),
    ...(a.refused ?? []).map((r) => t('bound.' + r)),
    a.yielded && t('bound.yielded'),
    ...(a.spilled ?? []).map((s) => t('bound.spilled', { from: team(s.from), to: team(s.to), n: s.waiting })),
  ].filter((x): x is string => !!x)
}

/** Why a visitor waits, in a sentence. */
export function whyWaiting(d: Decision): string {
  if (d.bound?.outcome === 'full' || d.bound?.outcome === 'absent') return boundStep(d)
  if (d.candidates > 0 && d.rule === 'offer') return t('routing.offered', {}, d.candidates)
  if (d.candidates > 0 && d.rule === 'manual') return t('routing.byHand', {}, d.candidates)
  if (d.candidates > 0) return t('routing.soon')
  const out = leftOut(d)
  if (!out.length) return t('routing.nobodyThere')
  return t('routing.because', { list: out.map((x) => t('routing.some', { n: x.n, reason: filterName(x.filter) }, x.n)).join(t('common.comma')) })
}

/** Why an agent did not get a conversation, in a sentence that speaks to that agent. */
export function whyNot(w: WhyNot): string {
  const load = (p: { open: number; cap: number } | undefined) => (p ? `${p.open}/${p.cap}` : '')
  switch (w.outcome) {
    case 'got': return t('whyNot.got', { rule: ruleName(w.rule ?? '') })
    case 'filtered': return w.chosenName ? t('whyNot.filtered', { reason: filterName(w.filter ?? ''), agent: w.chosenName }) : t('whyNot.filteredNobody', { reason: filterName(w.filter ?? '') })
    case 'passed_over': return w.self && w.other ? t('whyNot.passedLoad', { rule: ruleName(w.rule ?? ''), agent: w.chosenName ?? '', mine: load(w.self), theirs: load(w.other) }) : t('whyNot.passed', { rule: ruleName(w.rule ?? ''), agent: w.chosenName ?? '' })
    case 'waiting': return t('whyNot.waiting')
    default: return t('whyNot.unknown')
  }
}
