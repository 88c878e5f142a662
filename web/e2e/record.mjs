// A call that is recorded: both sides are told, the server carries it, a page comes back into it, and afterwards it
// can be watched and deleted.
import { RELAY, cut, invite, live, meet, moving } from './call.mjs'
import { axe, check, open, shot, signIn, until } from './lib.mjs'
import { admin } from './visit.mjs'

export async function record(browser, base, mock) {
  if (mock) return console.log('     needs a real server: PARLOR_E2E_URL')
  const a = await admin(base)
  await a.set({ calls: { record: true, keepDays: 30 } })
  try {
    await recorded(browser, base, a)
  } finally {
    await a.reset()
  }
}

async function recorded(browser, base, a) {
  const ready = await open(browser)
  await signIn(ready, base)
  await ready.click('[data-test=state]')
  await ready.click('[role=menuitem]:has-text("就绪")')
  const { agent, visitor, chat, id } = await meet(browser, base, {}, { width: 1280, height: 860 }, RELAY)
  await ready.context().close()
  await invite(agent, 'video')
  for (const at of [chat, agent]) await at.waitForSelector('[data-test=ringing] [data-test=recorded]:has-text("本次通话会被录制")')
  await shot(visitor, 'record-widget-rings')
  await shot(agent, 'record-console-rings')
  await axe(chat, 'a call that rings and is recorded')
  await chat.click('[data-test=accept]')
  await Promise.all([live(chat), live(agent)])
  await moving(chat, 'the visitor')
  await moving(agent, 'the agent')
  for (const at of [chat, agent]) await at.waitForSelector('[data-test=call] [data-test=recorded]')
  await shot(visitor, 'record-widget')
  await shot(agent, 'record-console')
  await axe(chat, 'a recorded call')
  await axe(agent, 'a recorded call in the console')
  // What is switched off is told through the server too.
  await chat.click('[data-test=mute]')
  await agent.waitForSelector('[data-test=call] >> text=访客已静音')
  await chat.click('[data-test=mute]')
  // The way of each side is lost and found again, through the relay and the recorder.
  for (const frame of [agent, chat]) {
    await cut(frame, 'recorded')
    await moving(chat, 'the visitor, after another way')
    await moving(agent, 'the agent, after another way')
  }
  // The agent's page is loaded again in the middle of the call.
  await agent.reload()
  await agent.click('[data-test=call-accept]')
  await Promise.all([live(chat), live(agent)])
  await moving(chat, 'the visitor, after the agent came back')
  await moving(agent, 'the agent who came back')
  await agent.click('[data-test=call-end]')
  await agent.waitForSelector('[role=log] >> text=通话结束')
  let call
  await until(async () => { call = (await a.call('GET', `/conversations/${id}/calls`)).items[0]; return call.records?.length === 2 }, 'both sides are kept')
  check(call.recorded && call.records.every((r) => r.video && r.length > 1_000 && r.size > 1_000), 'the recording is whole: ' + JSON.stringify(call.records))
  check(Math.abs(Date.parse(call.records[0].until) - Date.now() - 30 * 86_400_000) < 120_000, 'it is kept for 30 days')

  const watched = await a.call('POST', `/calls/${call.id}/records/watch`)
  await until(async () => (await fetch(base + watched.items[0].url)).status === 200, 'the file is there')
  await agent.click('[role=log] [data-test=record]')
  const box = agent.locator('[data-test=records]')
  await box.locator('video').nth(1).waitFor()
  await until(() => box.locator('video').evaluateAll((list) => list.every((v) => v.readyState >= 2 && v.videoWidth > 0 && Number.isFinite(v.duration) && v.duration > 1)), 'the files can be played, and say how long they are')
  await box.locator('[data-test=record-play]').click()
  await until(() => box.locator('video').evaluateAll((list) => list.every((v) => v.currentTime > 0.4)), 'both sides play')
  await box.locator('[data-test=record-play]').click()
  await box.locator('input[type=range]').fill('1')
  await until(() => box.locator('video').evaluateAll((list) => list.every((v) => Math.abs(v.currentTime - 1) < 0.6)), 'any place can be gone to')
  await shot(agent, 'record-play')
  await axe(agent, 'the recording')
  await box.locator('[data-test=record-erase]').click()
  await box.locator('[data-test=record-sure]').click()
  await agent.waitForSelector('text=录制已删除')
  await agent.click('[role=log] [data-test=record]')
  await agent.waitForSelector('text=没有可以播放的录制')
  await shot(agent, 'record-none')
  await until(async () => (await fetch(base + watched.items[0].url)).status === 404, 'the file is gone')
  const log = await a.call('GET', '/admin/audit?thing=recording')
  check(log.items.filter((e) => e.action === 'read').length === 2, 'who watched is noted: ' + log.items.map((e) => e.action))
  await agent.keyboard.press('Escape')
  await a.call('POST', `/conversations/${id}/close`)
  check(!agent.faults.length && !visitor.faults.length, 'faults: ' + [...agent.faults, ...visitor.faults].join('; '))
  await agent.context().close()
  await visitor.context().close()
}
