// A mailbox on a mail server that hands out the letters it is given.
import { createServer } from 'node:net'

/** Listens on a free port of loopback; `put` leaves a letter (its lines), `unread` counts those that were not taken. */
export async function imap(password) {
  const letters = []
  const server = createServer((socket) => {
    let rest = ''
    const say = (line) => socket.write(line + '\r\n')
    const list = () => letters.flatMap((l, i) => (l.seen ? [] : [i + 1]))
    say('* OK [CAPABILITY IMAP4rev1] ready')
    socket.setEncoding('utf8')
    socket.on('error', () => undefined) // the reader has gone
    socket.on('data', (data) => {
      rest += data
      for (let at; (at = rest.indexOf('\r\n')) >= 0;) {
        const [tag, ...words] = rest.slice(0, at).split(' ')
        rest = rest.slice(at + 2)
        const line = words.join(' ')
        const uid = Number(words[2])
        let answer = 'OK done'
        if (/^CAPABILITY/i.test(line)) say('* CAPABILITY IMAP4rev1')
        else if (/^LOGIN/i.test(line)) answer = line.includes(`"${password}"`) ? 'OK welcome' : 'NO [AUTHENTICATIONFAILED] Authentication failed'
        else if (/^SELECT/i.test(line)) ['FLAGS (\\Seen)', `${letters.length} EXISTS`, 'OK [UIDVALIDITY 1] ok', `OK [UIDNEXT ${letters.length + 1}] ok`].forEach((x) => say('* ' + x))
        else if (/^UID SEARCH/i.test(line)) say(['* SEARCH', ...list()].join(' '))
        else if (/^UID FETCH/i.test(line)) say(`* ${uid} FETCH (UID ${uid} BODY[]<0> {${Buffer.byteLength(letters[uid - 1].raw)}}\r\n${letters[uid - 1].raw})`)
        else if (/^UID STORE/i.test(line)) letters[uid - 1].seen = true
        else if (/^LOGOUT/i.test(line)) say('* BYE')
        say(`${tag} ${answer}`)
        if (/^LOGOUT/i.test(line)) socket.end()
      }
    })
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return { port: server.address().port, put: (...lines) => letters.push({ raw: lines.join('\r\n') }), unread: () => letters.filter((l) => !l.seen).length, close: () => server.close() }
}
