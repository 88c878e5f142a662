import type { Schema } from './types'

/** What is drawn on pictures together: marks in parts of the picture, from 0 to 1. */
export type Shape = Schema['Shape']
export type Mark = Schema['Mark']
export type Canvas = Schema['Canvas']
export type OpenCanvas = Schema['OpenCanvas']
export type Tool = Shape['tool']

export const TOOLS: readonly Tool[] = ['pen', 'highlighter', 'arrow', 'rectangle', 'ellipse']
export const COLOURS = ['#e5484d', '#f5a623', '#2f9e44', '#1c7ed6', '#111318', '#ffffff'] as const
export const WIDTHS = [4, 8, 16] as const
/** The highest number of points of a mark. */
export const MAX_POINTS = 512

const r = (n: number) => Math.round(n * 10) / 10

/** The outline of a mark as an SVG path over a picture of `w` by `h`. */
export function path(s: Pick<Shape, 'tool' | 'points' | 'width'>, w: number, h: number): string {
  const p = s.points
  const x = (i: number) => r(p[2 * i]! * w)
  const y = (i: number) => r(p[2 * i + 1]! * h)
  if (p.length < 4) return `M${x(0)} ${y(0)}h0`
  if (s.tool === 'rectangle') return `M${x(0)} ${y(0)}H${x(1)}V${y(1)}H${x(0)}Z`
  if (s.tool === 'ellipse') {
    const rx = r(Math.abs(x(1) - x(0)) / 2)
    const ry = r(Math.abs(y(1) - y(0)) / 2)
    const left = Math.min(x(0), x(1))
    const mid = r((y(0) + y(1)) / 2)
    return `M${left} ${mid}a${rx} ${ry} 0 1 1 ${rx * 2} 0a${rx} ${ry} 0 1 1 ${-rx * 2} 0Z`
  }
  if (s.tool === 'arrow') {
    const turn = Math.atan2(y(1) - y(0), x(1) - x(0))
    const long = Math.min(stroke(s.width, w, h) * 4 + 6, Math.hypot(x(1) - x(0), y(1) - y(0)))
    const wing = (by: number) => `${r(x(1) - long * Math.cos(turn + by))} ${r(y(1) - long * Math.sin(turn + by))}`
    return `M${x(0)} ${y(0)}L${x(1)} ${y(1)}M${wing(0.5)}L${x(1)} ${y(1)}L${wing(-0.5)}`
  }
  let d = `M${x(0)} ${y(0)}`
  for (let i = 1; i < p.length / 2; i++) d += `L${x(i)} ${y(i)}`
  return d
}

/** The width of a line over a picture of `w` by `h`. */
export const stroke = (width: number, w: number, h: number) => Math.max(1, (width * Math.max(w, h)) / 1000)
