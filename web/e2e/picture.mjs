// A PNG of one's own making, large enough to draw on.
import { deflateSync } from 'node:zlib'

const CRC = Array.from({ length: 256 }, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1; return n >>> 0 })
const crc = (b) => ~b.reduce((c, x) => CRC[(c ^ x) & 255] ^ (c >>> 8), ~0) >>> 0
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data])
  const out = Buffer.alloc(body.length + 8)
  out.writeUInt32BE(data.length)
  body.copy(out, 4)
  out.writeUInt32BE(crc(body), body.length + 4)
  return out
}
/** A plan with rooms: light grey, lines where walls are. */
export function plan(width = 900, height = 600) {
  const wall = (x, y) => x < 14 || y < 14 || x >= width - 14 || y >= height - 14 || (Math.abs(x - 380) < 7 && y < 420) || (Math.abs(y - 300) < 7 && x > 380 && (x < 560 || x > 660))
  const raw = Buffer.alloc((width * 3 + 1) * height, 244)
  for (let y = 0; y < height; y++) {
    raw[y * (width * 3 + 1)] = 0
    for (let x = 0; x < width; x++) if (wall(x, y)) raw.fill(70, y * (width * 3 + 1) + 1 + x * 3, y * (width * 3 + 1) + 4 + x * 3)
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', head), chunk('IDAT', deflateSync(raw)), chunk('IEND', Buffer.alloc(0))])
}
