import { useEffect, useRef, useState } from 'preact/hooks'
import { toError } from '@parlor/protocol/errors'
import type { SurveyForm } from '@parlor/protocol/types'
import type { Chat } from './chat'
import { formTexts } from './formtexts'
import { sheet } from './sheet'

// What stands before, after or instead of a conversation; loaded when it is needed.

sheet(`.form{flex:1;min-height:0;overflow-y:auto;padding:18px 16px 22px;display:flex;flex-direction:column;gap:14px}.form h2{margin:0;outline:0;font-size:17px;line-height:24px}.form>p{margin:0;color:var(--ink2);white-space:pre-wrap}
.fld{display:flex;flex-direction:column;gap:4px}.fld span{font-size:13px;color:var(--ink2)}.fld input,.form textarea,.rate textarea,.fld select{font:16px/22px system-ui,sans-serif;color:inherit;width:100%;padding:8px 11px;border:1px solid var(--ink2);border-radius:10px;background:var(--bg);resize:vertical;flex:none}
.fld [aria-invalid=true]{border-color:var(--bad)}.fld em,.rate em{font-style:normal;font-size:13px;color:var(--bad)}.agree{display:flex;gap:8px;align-items:flex-start;font-size:13px}.agree input{margin-top:4px;width:16px;height:16px;flex:none}
.form .btn{align-self:flex-start}.btn:disabled{opacity:.65;cursor:default}.rate{border-top:1px solid var(--line);padding:14px 16px;display:flex;flex-direction:column;gap:10px;max-height:66%;overflow-y:auto;flex:none}.rate fieldset{border:0;margin:0;padding:0}.rate legend{padding:0;font-weight:600;margin-bottom:8px}
.pick{display:flex;flex-wrap:wrap;gap:8px}.pick label{position:relative;cursor:pointer}.pick input{position:absolute;opacity:0;inset:0;margin:0;cursor:pointer}.pick span{display:block;padding:6px 12px;border:1px solid var(--line);border-radius:99px;background:var(--bg)}.pick input:checked+span{background:var(--brand-fill);color:var(--brand-on);border-color:var(--brand-fill)}.pick input:focus-visible+span{outline:2px solid var(--brand-ink);outline-offset:2px}
.prod{display:flex;gap:10px;align-items:center;margin:12px 16px 0;padding:10px;border:1px solid var(--line);border-radius:12px;text-decoration:none;color:inherit;flex:none}.prod img{width:52px;height:52px;object-fit:cover;border-radius:8px;background:var(--soft);flex:none}.prod b,.prod small{display:block;overflow-wrap:anywhere}.prod small{color:var(--ink2)}`)

type Text = Record<string, string> | undefined
const text = (x: Text) => x?.[document.documentElement.lang] || x?.[''] || ''
interface Field { name: string; label?: Record<string, string>; required?: boolean }
const TYPES: Record<string, [type: string, auto: string, mode?: string]> = { email: ['email', 'email'], phone: ['tel', 'tel'], name: ['text', 'name'], address: ['text', 'street-address'], qq: ['text', 'off', 'numeric'] }

/** A form of configured fields; what is wrong is said at the field. */
function Fields({ fields, values, bad, set }: { fields: Field[]; values: Record<string, string>; bad: Record<string, string>; set: (name: string, v: string) => void }) {
  const t = formTexts()
  return <>{fields.map((f) => {
    const own = t[f.name as 'name'] as string | undefined
    const label = text(f.label) || own || f.name
    const more = { value: values[f.name] ?? '', 'aria-invalid': !!bad[f.name], required: !!f.required, 'aria-describedby': bad[f.name] ? 'bad-' + f.name : undefined, id: 'fld-' + f.name }
    const [type, auto, mode] = TYPES[f.name] ?? ['text', 'off']
    return (
      <label class="fld" key={f.name}>
        <span>{label}{f.required && ` (${t.required})`}</span>
        {f.name === 'content' ? <textarea rows={4} maxLength={5000} {...more} onInput={(e) => set(f.name, e.currentTarget.value)} />
          : <input type={type as 'text'} autocomplete={auto as 'off'} inputMode={mode as 'numeric'} maxLength={1000} {...more} onInput={(e) => set(f.name, e.currentTarget.value)} />}
        {bad[f.name] && <em id={'bad-' + f.name} role="alert">{bad[f.name]}</em>}
      </label>
    )
  })}</>
}
/** Fills and checks a form; `send` gets the answers. */
function useForm(fields: Field[], first: Record<string, string>, send: (v: Record<string, string>) => Promise<void>) {
  const t = formTexts()
  const [values, setValues] = useState(first)
  const [bad, setBad] = useState<Record<string, string>>({})
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState('')
  const fail = (name: string, why: string) => {
    setBad({ [name]: why })
    document.getElementById('fld-' + name)?.focus()
  }
  const submit = async (e: Event) => {
    e.preventDefault()
    setFailed('')
    setBad({})
    for (const f of fields) {
      const v = (values[f.name] ?? '').trim()
      if (!v && f.required) return fail(f.name, t.missing)
      if (v && f.name === 'email' && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(v)) return fail(f.name, t.badEmail)
    }
    setBusy(true)
    try {
      await send(values)
    } catch (x) {
      const error = toError(x)
      if (error.field && fields.some((f) => f.name === error.field)) fail(error.field, error.reason === 'required' ? t.missing : error.reason === 'too_long' ? t.tooLong : error.field === 'email' ? t.badEmail : t.badNumber)
      else setFailed(error.code === 'too_many' ? t.often : t.failed)
    }
    setBusy(false)
  }
  return { values, bad, busy, failed, submit, set: (name: string, v: string) => setValues({ ...values, [name]: v }) }
}

/** What stands before the conversation: the form and the choice of a team, or the page on which a message is left. */
export function Gate({ chat }: { chat: Chat }) {
  return chat.gate === 'offline' ? <Offline chat={chat} /> : <Before chat={chat} />
}

function Before({ chat }: { chat: Chat }) {
  const t = formTexts()
  const w = chat.session!.inbox.widget
  const fields = (w.preChat.enabled && (w.preChat.always || !chat.session!.known) && w.preChat.fields) || []
  const [team, setTeam] = useState('')
  const [agreed, setAgreed] = useState(false)
  const consent = text(w.preChat.consent)
  const f = useForm(fields, {}, async (v) => {
    const memo = fields.filter((x) => !['name', 'email', 'phone'].includes(x.name) && v[x.name]).map((x) => (x.name === 'content' ? v[x.name] : `${text(x.label) || x.name}: ${v[x.name]}`)).join('\n')
    const who = Object.fromEntries(['name', 'email', 'phone'].filter((k) => v[k]?.trim()).map((k) => [k, v[k]]))
    if (Object.keys(who).length || memo) await chat.ask('me', { method: 'PATCH', body: JSON.stringify({ ...who, ...(memo ? { memo: memo.slice(0, 500) } : {}) }) })
    chat.enter(team, v.content?.trim())
  })
  const top = useRef<HTMLHeadingElement>(null)
  useEffect(() => top.current?.focus(), [])
  return (
    <form class="form" noValidate onSubmit={(e) => void f.submit(e)}>
      <h2 ref={top} tabIndex={-1}>{fields.length ? t.before : t.team}</h2>
      {fields.length > 0 && <p>{text(w.preChat.text) || t.beforeLead}</p>}
      <Fields fields={fields} {...f} />
      {w.teams && <fieldset class="fld pick" style={{ border: 0, margin: 0, padding: 0 }}><legend class="sr">{t.team}</legend>
        {[{ id: '', name: t.any }, ...w.teams].map((x) => <label key={x.id}><input type="radio" name="team" checked={team === x.id} onChange={() => setTeam(x.id)} /><span>{x.name}</span></label>)}</fieldset>}
      {consent && <label class="agree"><input type="checkbox" required checked={agreed} onChange={(e) => setAgreed(e.currentTarget.checked)} /><span>{consent}</span></label>}
      {f.failed && <p class="bad" role="alert">{f.failed}</p>}
      <button class="btn" disabled={f.busy || (!!consent && !agreed)}>{t.start}</button>
    </form>
  )
}

function Offline({ chat }: { chat: Chat }) {
  const t = formTexts()
  const s = chat.session!
  const w = s.inbox.widget
  const [done, setDone] = useState(false)
  const why = chat.why
  const first = chat.pending.filter((p) => p.failed && p.text).map((p) => p.text).join('\n')
  const f = useForm(w.offline.fields ?? [], first ? { content: first } : {}, async (v) => {
    await chat.ask('leave', { method: 'POST', body: JSON.stringify({ answers: v, reason: why === 'notinworktime' ? 'closed' : why === 'full' ? 'queue_full' : why === 'queued' ? 'timeout' : 'nobody', page: { url: chat.page.url, title: chat.page.title } }) })
    chat.pending.forEach((p) => p.failed && chat.discard(p.clientId))
    setDone(true)
  })
  const top = useRef<HTMLHeadingElement>(null)
  useEffect(() => top.current?.focus(), [done])
  const waits = why === 'queued' && chat.state?.status === why
  const back = !!why && chat.state?.status === why && <button type="button" class="btn quiet" onClick={() => { chat.why = chat.gate = ''; chat.changed() }}>{waits ? t.wait : t.back}</button>
  const lead = text(w.offline.text) || (why === 'full' ? t.full : waits ? t.place : text(why === 'notinworktime' ? w.closed : w.nobody))
  const opens = s.nextOpen && t.opens(new Intl.DateTimeFormat(document.documentElement.lang, { weekday: 'long', hour: '2-digit', minute: '2-digit' }).format(new Date(s.nextOpen)))
  if (w.offline.disabled) return <div class="form"><h2 ref={top} tabIndex={-1}>{lead}</h2><p>{opens || t.off}</p></div>
  if (done) return <div class="form"><h2 ref={top} tabIndex={-1}>{text(w.offline.thanks) || t.thanks}</h2><button type="button" class="btn quiet" onClick={() => { f.set('content', ''); setDone(false) }}>{t.more}</button>{back}</div>
  return (
    <form class="form" noValidate onSubmit={(e) => void f.submit(e)}>
      <h2 ref={top} tabIndex={-1}>{t.leave}</h2>
      <p>{lead} {opens}</p>
      <Fields fields={w.offline.fields ?? []} {...f} />
      {f.failed && <p class="bad" role="alert">{f.failed}</p>}
      <div class="row" style={{ justifyContent: 'flex-start' }}><button class="btn" disabled={f.busy}>{f.busy ? t.sending : t.send}</button>{back}</div>
    </form>
  )
}

/** The survey at the end, or when an agent asks. */
export function Survey({ chat, close }: { chat: Chat; close: () => void }) {
  const t = formTexts()
  const [form, setForm] = useState<SurveyForm>()
  const [level, setLevel] = useState('')
  const [reasons, setReasons] = useState<string[]>([])
  const [comment, setComment] = useState('')
  const [done, setDone] = useState(false)
  const [failed, setFailed] = useState(false)
  const id = useRef(chat.surveyed || chat.state?.conversation || '')
  useEffect(() => {
    chat.ask<SurveyForm>(`conversations/${id.current}/survey`).then((x) => { setForm(x); setLevel(x.level ?? ''); setReasons(x.reasons ?? []); setComment(x.comment ?? ''); setDone(!!x.level) }, close)
  }, [])
  if (!form) return null
  if (done) return <div class="rate" role="status"><p style={{ margin: 0 }}>{text(form.form.thanks) || t.rated} <button type="button" class="bad" style={{ color: 'var(--brand-ink)', textDecoration: 'underline' }} onClick={() => setDone(false)}>{t.change}</button></p></div>
  const chosen = form.form.levels?.find((l) => l.code === level)
  const send = (e: Event) => {
    e.preventDefault()
    if (!level) return
    setFailed(false)
    chat.ask(`conversations/${id.current}/survey`, { method: 'PUT', body: JSON.stringify({ level, comment, reasons: chosen?.reasons ? reasons : [] }) }).then(() => {
      setDone(true)
      chat.tell({ t: 'event', name: 'rated', data: { conversation: id.current, level } })
    }, () => setFailed(true))
  }
  return (
    <form class="rate" onSubmit={send} aria-label={t.rate}>
      <fieldset><legend>{text(form.form.text) || t.rate}</legend><div class="pick">{form.form.levels?.map((l) => (
        <label key={l.code}><input type="radio" name="level" checked={level === l.code} onChange={() => setLevel(l.code)} /><span>{text(l.text)}</span></label>))}</div></fieldset>
      {chosen?.reasons && <fieldset><legend>{t.why}</legend><div class="pick">{form.form.reasons?.map((r) => (
        <label key={r.code}><input type="checkbox" checked={reasons.includes(r.code)} onChange={(e) => setReasons(e.currentTarget.checked ? [...reasons, r.code] : reasons.filter((x) => x !== r.code))} /><span>{text(r.text)}</span></label>))}</div></fieldset>}
      {level && !form.form.noComment && <label class="fld"><span>{t.comment}</span><textarea rows={2} maxLength={1000} value={comment} onInput={(e) => setComment(e.currentTarget.value)} /></label>}
      {failed && <em role="alert">{t.failed}</em>}
      <div class="row" style={{ justifyContent: 'flex-start' }}><button class="btn" disabled={!level}>{t.submit}</button><button type="button" class="btn quiet" onClick={close}>{t.later}</button></div>
    </form>
  )
}

/** The product that the visitor looks at, as the page named it. */
export function Product({ chat }: { chat: Chat }) {
  const p = chat.wish.product!
  const body = <>{p.image && <img src={p.image} alt="" />}<span><small>{formTexts().product}</small><b>{p.name || p.id}</b>{p.about && <small>{p.about}</small>}</span></>
  return p.url ? <a class="prod" href={p.url} target="_blank" rel="noopener noreferrer">{body}</a> : <div class="prod">{body}</div>
}
