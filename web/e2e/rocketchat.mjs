// The vendor's own widget of the Rocket.Chat contract: a visitor writes, an agent answers by REST, the visitor ends it.
import { check, LOGIN, PASSWORD, shot, until } from './lib.mjs'

const PAGE = `<!doctype html><title>Shop</title><h1>Shop</h1><script>
(function(w, d, s, u) {
  w.RocketChat = function(c) { w.RocketChat._.push(c) }; w.RocketChat._ = []; w.RocketChat.url = u;
  var h = d.getElementsByTagName(s)[0], j = d.createElement(s);
  j.async = true; j.src = u + '/rocketchat-livechat.min.js?_=201903270000';
  h.parentNode.insertBefore(j, h);
})(window, document, 'script', location.origin + '/livechat');
RocketChat(function() { this.registerGuest({ token: 'TOKEN', name: 'Wanda', email: 'wanda@site.test' }); this.maximizeWidget(); });
</script>`

/** Calls the contract's REST. */
const rest = (url) => async (method, path, body, headers = {}) => {
  const r = await fetch(`${url}/api/v1/${path}`, { method, headers: { 'Content-Type': 'application/json', ...headers }, ...(body ? { body: JSON.stringify(body) } : {}) })
  const answer = await r.json()
  check(r.ok, `${path}: ${JSON.stringify(answer)}`)
  return answer
}

export async function rocketchat(browser, url, mock) {
  if (mock || (await fetch(url + '/livechat')).status === 404) {
    check(!process.env.PARLOR_E2E_WIDGET, `the vendor's widget is not in ${process.env.PARLOR_E2E_WIDGET}`)
    console.log('     rocketchat: the server has no widget folder (rocketchat-widget)')
    return
  }
  const call = rest(url)
  const { data } = await call('POST', 'login', { user: LOGIN, password: PASSWORD })
  const headers = { 'X-Auth-Token': data.authToken, 'X-User-Id': data.userId }
  await call('POST', 'livechat/users/agent', { username: data.me.username }, headers)
  await call('POST', 'users.setStatus', { status: 'online' }, headers)
  await call('POST', 'livechat/agent.status', { status: 'available' }, headers)

  const token = 'widget-' + Date.now()
  const context = await browser.newContext({ viewport: { width: 1024, height: 800 } })
  const page = await context.newPage()
  await page.route(url + '/shop-with-widget', (r) => r.fulfill({ contentType: 'text/html', body: PAGE.replace('TOKEN', token) }))
  await page.goto(url + '/shop-with-widget')
  const frame = page.frameLocator('iframe')
  const box = frame.locator('[contenteditable="true"], textarea').first()
  await box.waitFor({ timeout: 30_000 })
  await box.click()
  await page.keyboard.type('Do you have a lamp?')
  await page.keyboard.press('Enter')
  await frame.getByText('Do you have a lamp?').first().waitFor({ timeout: 20_000 })

  // Whoever serves the room answers: the agent of this journey takes it if it is another's.
  let room
  await until(async () => !!(room = (await call('GET', `livechat/config?token=${token}`)).config.room)?.servedBy, 'somebody serves the room')
  if (room.servedBy._id !== data.userId) await call('POST', 'livechat/room.forward', { roomId: room._id, userId: data.userId }, headers)
  await call('POST', 'chat.sendMessage', { message: { rid: room._id, msg: 'Two of them.' } }, headers)
  await frame.getByText('Two of them.').first().waitFor({ timeout: 20_000 })
  await shot(page, 'rocketchat-widget')
  const history = (await call('GET', `livechat/messages.history/${room._id}?token=${token}`)).messages
  check(history.some((m) => m.msg === 'Do you have a lamp?' && m.token === token), 'the visitor\'s message is in the history')
  await call('POST', 'livechat/room.close', { token, rid: room._id })
  await frame.getByText(/finished|ended|closed|New Chat|new chat/i).first().waitFor({ timeout: 20_000 })
  await context.close()
}
