import { expect, it } from 'vitest'
import { missing, platform } from '../lockfix.mjs'

it('reads the platform out of a package name', () => {
  expect(platform('@x/oxide-linux-x64-musl')).toEqual({ os: ['linux'], cpu: ['x64'], libc: ['musl'] })
  expect(platform('@x/binding-win32-arm64-msvc')).toEqual({ os: ['win32'], cpu: ['arm64'] })
  expect(platform('fsevents')).toEqual({})
})

it('adds optional platform packages that the lock lacks, and only these', () => {
  const lock = { packages: {
    'node_modules/x': { optionalDependencies: { 'x-darwin-arm64': '^1.2.3', 'x-linux-x64-gnu': '1.2.3', 'x-helper': '1.0.0' }, dev: true },
    'node_modules/x/node_modules/x-linux-x64-gnu': { version: '1.2.3' },
  } }
  expect(missing(lock)).toEqual({ 'node_modules/x-darwin-arm64': { version: '1.2.3', os: ['darwin'], cpu: ['arm64'], optional: true, dev: true } })
})
