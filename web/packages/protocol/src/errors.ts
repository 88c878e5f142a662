import type { ErrorCode, Problem } from './types'

/** A refused or failed call. `reason` is the stable machine word to translate; `code` says whether a retry can help. */
export class ParlorError extends Error {
  readonly code: ErrorCode
  readonly reason: string
  readonly field?: string
  constructor(problem: Pick<Problem, 'code' | 'reason'> & Partial<Problem>) {
    super(problem.detail || problem.message || problem.reason)
    this.name = 'ParlorError'
    this.code = problem.code
    this.reason = problem.reason
    this.field = problem.field
  }
  /** True if the same call may succeed later without a change. */
  get temporary(): boolean {
    return this.code === 'unavailable' || this.code === 'too_many'
  }
}

/** The error for a call that found no connection or lost it before its answer. */
export const disconnected = () => new ParlorError({ code: 'unavailable', reason: 'disconnected' })

/** Turns whatever was thrown into a ParlorError. A failed fetch counts as a lost connection. */
export function toError(e: unknown): ParlorError {
  if (e instanceof ParlorError) return e
  if (e instanceof TypeError) return disconnected()
  return new ParlorError({ code: 'internal', reason: 'internal', message: String(e) })
}

/** Reads the problem document of a refused response; a response without one yields its status as the reason. */
export async function problemOf(response: Response): Promise<ParlorError> {
  const body = (await response.json().catch(() => null)) as Problem | null
  // The status decides about the login: whatever refuses the credential ends the session.
  if (body?.code) return new ParlorError(response.status === 401 ? { ...body, code: 'unauthenticated' } : body)
  const code: ErrorCode =
    response.status === 401 ? 'unauthenticated' : response.status === 413 ? 'too_large'
      : response.status === 429 ? 'too_many' : response.status >= 500 ? 'unavailable' : 'invalid'
  return new ParlorError({ code, reason: 'http_' + response.status })
}
