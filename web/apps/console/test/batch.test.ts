import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { batch } from '../src/realtime/client'

beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'requestAnimationFrame', 'cancelAnimationFrame', 'performance'] }) })
afterEach(() => { vi.useRealTimers() })

it('draws the first event at the next frame and a burst after it together, in order', () => {
  const got: number[][] = []
  const put = batch<number>((list) => got.push(list))
  put(1)
  vi.advanceTimersByTime(20)
  expect(got).toEqual([[1]])
  put(2)
  vi.advanceTimersByTime(20)
  put(3)
  expect(got).toEqual([[1]])
  vi.advanceTimersByTime(100)
  expect(got).toEqual([[1], [2, 3]])
  vi.advanceTimersByTime(1_000)
  expect(got).toEqual([[1], [2, 3]])
  put(4)
  vi.advanceTimersByTime(20)
  expect(got).toEqual([[1], [2, 3], [4]])
})

it('does not wait for frames that never come', () => {
  vi.stubGlobal('requestAnimationFrame', () => 1)
  const got: number[][] = []
  batch<number>((list) => got.push(list))(1)
  vi.advanceTimersByTime(400)
  expect(got).toEqual([[1]])
  vi.unstubAllGlobals()
})
