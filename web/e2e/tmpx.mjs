import { launch } from './lib.mjs'
import { easemob } from './easemob.mjs'
const b = await launch()
const orig = b.newContext.bind(b)
b.newContext = async (...a) => { const c = await orig(...a); c.on('console', m => console.log('console:', m.text())); c.on('response', async r => { if (/imgateway|entry|token/.test(r.url())) console.log(r.status(), r.url(), (await r.text().catch(()=>'')).slice(0,200)) }); return c }
try { await easemob(b, 'http://127.0.0.1:8391'); console.log('ok') } catch (e) { console.log(e.message.slice(0,200)) }
await b.close()
