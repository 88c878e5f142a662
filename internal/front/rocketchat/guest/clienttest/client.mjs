// A visitor and an agent on the original SDK: node client.mjs <server> <agent> <password>.
import { createRequire } from 'node:module'
const { Livechat, Rocketchat } = createRequire(import.meta.url)('@rocket.chat/sdk')

const [server, user, password] = process.argv.slice(2)
const quiet = { debug() {}, info() {}, warn() {}, error() {}, warning() {} }
const base = { host: server, useSsl: false, protocol: 'ddp', logger: quiet, reopen: 1000 }
const token = 'visitor-of-the-sdk'

/** A promise that is kept by the first event that fits. */
const waiting = () => {
  const list = []
  return {
    take: (e) => list.filter((x) => x.fits(e)).forEach((x) => x.done(e)),
    next: (name, fits) => new Promise((done, fail) => {
      list.push({ fits, done })
      setTimeout(() => fail(new Error('no ' + name)), 15_000).unref()
    }),
  }
}
const post = async (path, body, headers = {}) => {
  const r = await fetch(`${server}/api/v1/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) })
  return r.json()
}

const agent = new Rocketchat(base)
await agent.connect(base)
const login = await agent.login({ username: user, password })
const headers = { 'X-Auth-Token': login.token ?? login.authToken, 'X-User-Id': login.id ?? login.userId }
const state = await post('livechat/agent.status', { status: 'available' }, headers)
if (!state.success) throw new Error('the agent is not available: ' + JSON.stringify(state))
const toAgent = waiting()
await agent.subscribe('stream-room-messages', '__my_messages__', false)
await agent.onStreamData('stream-room-messages', (e) => toAgent.take(e.fields.args[0]))

await post('livechat/visitor', { visitor: { token, name: 'Sam' } })
const { room } = await (await fetch(`${server}/api/v1/livechat/room?token=${token}`)).json()
const guest = new Livechat({ ...base, rooms: [] })
guest.credentials = { token }
await guest.connect({ ...base, token })
const toGuest = waiting()
await guest.subscribeRoom(room._id)
await guest.onStreamData('stream-room-messages', (e) => toGuest.take(e.fields.args[0]))

const heard = toAgent.next('message for the agent', (m) => m.msg === 'Hello from the SDK')
await post('livechat/message', { token, rid: room._id, msg: 'Hello from the SDK' })
await heard
const answered = toGuest.next('answer', (m) => m.msg === 'Hello yourself' && !m.token)
await agent.methodCall('sendMessage', { _id: 'sdk-answer', rid: room._id, msg: 'Hello yourself' })
await answered
const closed = toGuest.next('end', (m) => m.t === 'livechat-close')
await post('livechat/room.close', { token, rid: room._id })
await closed
console.log('done')
process.exit(0)
