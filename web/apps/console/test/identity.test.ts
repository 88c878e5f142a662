import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { SAMPLES } from '../src/admin/identity-samples'

const doc = readFileSync(resolve('../docs/identity.md'), 'utf8')

it.each(Object.entries(SAMPLES))('the sample for %s is the one of the document, which a test runs', (_, code) => {
  expect(doc).toContain('\n' + code + '```')
})
