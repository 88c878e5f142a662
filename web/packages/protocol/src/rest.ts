import createClient from 'openapi-fetch'
import { disconnected, problemOf } from './errors'
import type { paths } from './schema'

/** Where the native REST interface lives, relative to the server's origin. */
export const API = '/api/parlor/v1'

export interface RestOptions {
  /** The session's CSRF token, asked for before each changing call. */
  csrf(): string
  /** Language tag for texts that the server chooses by language. */
  locale(): string
  /** A call was refused because the session is gone. */
  unauthenticated(): void
}

/**
 * The REST client of the console over the paths of the server's document. A refusal is thrown as ParlorError, so that callers only see answers:
 * `const { data } = await api.GET('/api/parlor/v1/teams')`.
 */
export function createRest(o: RestOptions) {
  const api = createClient<paths>({ credentials: 'same-origin' })
  api.use({
    onRequest({ request }) {
      request.headers.set('Accept-Language', o.locale())
      if (request.method !== 'GET') request.headers.set('X-CSRF-Token', o.csrf())
      return request
    },
    async onResponse({ response, schemaPath }) {
      if (response.ok) return undefined
      const error = await problemOf(response)
      if (error.code === 'unauthenticated' && schemaPath !== `${API}/session`) o.unauthenticated()
      throw error
    },
    onError({ error }) {
      return error instanceof TypeError ? disconnected() : undefined
    },
  })
  return api
}
export type Rest = ReturnType<typeof createRest>
