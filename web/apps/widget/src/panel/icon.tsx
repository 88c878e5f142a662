/** One stroked path on a 24 grid. */
export const Icon = ({ d, w = 2 }: { d: string; w?: number }) => (
  <svg viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width={w} stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d={d} /></svg>
)
