import { expect, it } from 'vitest'
import { problemOf, toError } from '../src/errors'

const answer = (status: number, body?: object) => problemOf(new Response(body ? JSON.stringify(body) : 'oops', { status }))

it('a refusal keeps its code, reason and field', async () => {
  expect(await answer(422, { code: 'invalid', reason: 'too_long', field: 'name', detail: 'Too long.' })).toMatchObject({ code: 'invalid', reason: 'too_long', field: 'name', message: 'Too long.' })
})
it('401 always means that the login is gone', async () => {
  expect(await answer(401, { code: 'invalid', reason: 'invalid' })).toMatchObject({ code: 'unauthenticated' })
})
it('an answer without a problem document is judged by its status', async () => {
  expect((await Promise.all([401, 413, 429, 502, 400].map((s) => answer(s)))).map((e) => [e.code, e.temporary])).toEqual([['unauthenticated', false], ['too_large', false], ['too_many', true], ['unavailable', true], ['invalid', false]])
})
it('a failed fetch is a lost connection', () => {
  expect(toError(new TypeError('Failed to fetch'))).toMatchObject({ reason: 'disconnected', temporary: true })
})
