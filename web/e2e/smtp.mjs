// A mail server that keeps what it is given.
import { createServer } from 'node:net'

/** Listens on a port of loopback (0 for any); `letters` are { from, to, text }, `close` ends it. */
export async function smtp(port) {
  const letters = []
  const server = createServer((socket) => {
    let letter = { from: '', to: '', text: '' }
    let body = false
    let rest = ''
    const say = (line) => socket.write(line + '\r\n')
    say('220 localhost ready')
    socket.setEncoding('utf8')
    socket.on('error', () => undefined) // the sender has gone
    socket.on('data', (data) => {
      rest += data
      for (let at; (at = rest.indexOf('\r\n')) >= 0;) {
        const line = rest.slice(0, at)
        rest = rest.slice(at + 2)
        if (body && line === '.') { body = false; letters.push(letter); letter = { from: '', to: '', text: '' }; say('250 kept') }
        else if (body) letter.text += (line.startsWith('..') ? line.slice(1) : line) + '\n'
        else if (/^(EHLO|HELO)/i.test(line)) say('250 localhost')
        else if (/^MAIL FROM:/i.test(line)) { letter.from = line.slice(10); say('250 ok') }
        else if (/^RCPT TO:/i.test(line)) { letter.to = line.slice(8); say('250 ok') }
        else if (/^DATA/i.test(line)) { body = true; say('354 go on') }
        else if (/^QUIT/i.test(line)) { say('221 bye'); socket.end() }
        else say('250 ok')
      }
    })
  })
  await new Promise((done) => server.listen(port, '127.0.0.1', done))
  return { letters, port: server.address().port, close: () => server.close() }
}

/** Words of a header in their encoded form (RFC 2047). */
export const header = (text, name) => {
  const value = new RegExp(`^${name}: (.*(?:\n[ \t].*)*)`, 'im').exec(text)?.[1] ?? ''
  return value.replace(/\n[ \t]/g, ' ').replace(/=\?utf-8\?([bq])\?([^?]*)\?=\s*/gi, (_, kind, words) =>
    (/b/i.test(kind) ? Buffer.from(words, 'base64').toString() : decodeURIComponent(words.replace(/_/g, ' ').replace(/%/g, '%25').replace(/=([0-9A-F]{2})/gi, '%$1')))).trim()
}
/** The text of a letter of one part. */
export const body = (text) => {
  const raw = text.slice(text.indexOf('\n\n') + 2)
  return /^content-transfer-encoding: base64/im.test(text) ? Buffer.from(raw, 'base64').toString() : raw
}
