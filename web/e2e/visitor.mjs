// A visitor without a browser: Socket.IO over long-polling, as docs/realtime.md has it.
import { randomUUID } from 'node:crypto'

const NS = '/parlor/visitor'

export class Visitor {
  /** Introduces a new visitor to inbox `main` and connects. */
  static async arrive(base, locale = 'zh-CN') {
    const v = new Visitor()
    const r = await fetch(base + '/api/parlor/v1/visitor/session', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ inbox: 'main', locale, page: { url: base + '/demo/', title: 'Demo' } }),
    })
    if (!r.ok) throw new Error('visitor session: ' + r.status)
    const { token } = await r.json()
    v.at = base + '/socket.io/?EIO=4&transport=polling'
    v.acks = new Map()
    v.serial = 0
    v.at += '&sid=' + JSON.parse((await (await fetch(v.at)).text()).slice(1)).sid
    const joined = new Promise((done) => { v.joined = done })
    v.polling = v.poll()
    await v.packet('40' + NS + ',' + JSON.stringify({ token, locale }))
    await joined
    return v
  }
  async packet(p) {
    const r = await fetch(this.at, { method: 'POST', body: p, headers: { 'Content-Type': 'text/plain;charset=UTF-8' } })
    if (!r.ok) throw new Error('visitor post: ' + r.status)
    await r.text()
  }
  async poll() {
    while (!this.gone) {
      const r = await fetch(this.at)
      if (!r.ok) return
      for (const p of (await r.text()).split('\x1e')) {
        if (p === '2') await this.packet('3')
        else if (p === '1') this.gone = true
        else if (p.startsWith('40' + NS)) this.joined()
        else if (p.startsWith('43' + NS)) {
          const [, id, body] = /^43[^,]+,(\d+)(.*)$/s.exec(p)
          this.acks.get(+id)?.(JSON.parse(body)[0])
          this.acks.delete(+id)
        }
      }
    }
  }
  /** Posts one text; resolves with the acknowledgement, rejects when it is refused. */
  async post(text) {
    const id = this.serial++
    const answer = new Promise((done) => this.acks.set(id, done))
    await this.packet(`42${NS},${id}${JSON.stringify(['post', { clientId: randomUUID(), kind: 'text', text }])}`)
    const a = await answer
    if (a.error) throw new Error('post: ' + JSON.stringify(a.error))
    return a
  }
  /** Ends the conversation and the connection. */
  async leave() {
    await this.packet(`42${NS},${this.serial++}["close"]`)
    this.gone = true
    await this.packet('41' + NS + ',').catch(() => undefined)
    await this.packet('1').catch(() => undefined)
    await this.polling.catch(() => undefined)
  }
}
