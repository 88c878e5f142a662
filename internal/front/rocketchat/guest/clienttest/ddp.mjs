// A visitor and an agent on the newer SDK: node --experimental-websocket ddp.mjs <server> <agent> <password>.
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
const { DDPSDK, LivechatClientImpl } = createRequire(import.meta.url)('@rocket.chat/ddp-client')

const [server, user, password] = process.argv.slice(2)
const socket = server.replace(/^http/, 'ws')

/** A promise that is kept by the first event that fits. */
const waiting = () => {
  const list = []
  return {
    take: (...e) => list.filter((x) => x.fits(...e)).forEach((x) => x.done(e)),
    next: (name, fits) => new Promise((done, fail) => {
      list.push({ fits, done })
      setTimeout(() => fail(new Error('no ' + name)), 15_000).unref()
    }),
  }
}
const expect = (ok, what) => {
  if (!ok) throw new Error(what)
}

const agent = await DDPSDK.createAndConnect(socket)
await agent.account.loginWithPassword(user, createHash('sha256').update(password).digest('hex'))
const headers = { 'Content-Type': 'application/json', 'X-Auth-Token': agent.account.user.token, 'X-User-Id': agent.account.uid }
const state = await (await fetch(`${server}/api/v1/livechat/agent.status`, { method: 'POST', headers, body: '{"status":"available"}' })).json()
expect(state.success, 'the agent is not available: ' + JSON.stringify(state))
const toAgent = waiting()
await agent.stream('room-messages', '__my_messages__', toAgent.take).ready()

const guest = LivechatClientImpl.create(socket)
await guest.connection.connect()
const { visitor } = await guest.grantVisitor({ visitor: { token: 'visitor-of-the-newer-sdk', name: 'Sam' } })
expect(visitor.name === 'Sam', 'the visitor is ' + JSON.stringify(visitor))
const config = await guest.config({ token: visitor.token })
expect(config.enabled && config.online, 'the widget is told ' + JSON.stringify(config))
const room = await guest.room({})
const toGuest = waiting()
const activity = waiting()
const presence = waiting()
await guest.subscribeRoom(room._id)
guest.onMessage(toGuest.take)
guest.onUserActivity(activity.take)
guest.onAgentStatusChange(room._id, presence.take)

const heard = toAgent.next('message for the agent', (m) => m.msg === 'Hello from the newer SDK')
const { message } = await guest.sendMessage({ rid: room._id, msg: 'Hello from the newer SDK' })
await heard
expect((await guest.message(message._id, { rid: room._id })).message.msg === message.msg, 'the message is not found')
await guest.editMessage(message._id, { token: visitor.token, rid: room._id, msg: 'Hello again' })

const typing = activity.next('typing', (who, what) => who && what.includes('user-typing'))
await agent.call('stream-notify-room', `${room._id}/user-activity`, user, ['user-typing'], {})
await typing
const answered = toGuest.next('answer', (m) => m.msg === 'Hello yourself' && !m.token)
await agent.call('sendMessage', { _id: 'newer-sdk-answer', rid: room._id, msg: 'Hello yourself' })
await answered
const away = presence.next('presence of the agent', (status) => status === 'away')
await fetch(`${server}/api/v1/users.setStatus`, { method: 'POST', headers, body: '{"status":"away"}' })
await away
const history = await guest.loadMessages(room._id, {})
expect(history.some((m) => m.msg === 'Hello again'), 'the edited message is not in the history')
expect((await guest.agent(room._id)).username === user, 'the agent is not told')

const closed = toGuest.next('end', (m) => m.t === 'livechat-close')
await guest.closeChat({ rid: room._id })
await closed
await agent.account.logout()
console.log('done')
process.exit(0)
