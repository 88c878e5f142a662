/** The periods that lists offer, in days. */
export const PERIODS = [1, 7, 30, 90, 366] as const
export const DAY = 86_400_000
/** When a period that ends now began. */
export const since = (days: number) => new Date(Date.now() - days * DAY).toISOString()
/** A share in whole percent; nothing of nothing is nothing. */
export const percent = (part: number, whole: number) => (whole ? Math.round((part / whole) * 100) : 0)
