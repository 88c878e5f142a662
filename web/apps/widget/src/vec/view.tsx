import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon } from '../panel/icon'
import type { Counter } from './counter'
import type { Words } from './words'

const CAMERA = 'm16 10 6-4v12l-6-4M4 6h10a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2Z'
const CLOSE = 'M18 6 6 18M6 6l12 12'

/** The page: who it is, and what goes on. */
export function Page({ c, t }: { c: Counter; t: Words; tick: number }) {
  const look = c.chat.session?.inbox.widget?.look
  const name = c.chat.session?.inbox.name || c.config?.configName || t.title
  const lang = document.documentElement.lang
  const title = look?.title?.[lang] || look?.title?.[''] || name
  const gated = !!c.chat.gate && (c.phase === 'idle' || c.phase === 'ended')
  const [forms, setForms] = useState<typeof import('../panel/forms')>()
  const rates = c.phase === 'ended' && c.spoken && !!c.chat.session?.inbox.widget?.survey && !!c.chat.state
  const [rated, setRated] = useState('')
  const id = c.chat.state?.conversation ?? ''
  useEffect(() => { if ((gated || rates) && !forms) import('../panel/forms').then(setForms, () => undefined) }, [gated, rates])
  return (
    <div class="vec">
      <header>
        <span class="face" aria-hidden="true">{look?.logo ? <img src={look.logo} alt="" /> : <Icon d={CAMERA} />}</span>
        <div class="who"><h1>{title}</h1><p>{t.title}</p></div>
        {(c.host || window.opener) && <button type="button" class="ib" aria-label={t.close} data-test="close" onClick={() => void c.close()}><Icon d={CLOSE} /></button>}
      </header>
      {c.chat.offline && c.phase !== 'broken' && <div class="bar warn" role="status">{t.lost}</div>}
      <main data-test="phase" data-phase={c.phase}>
        {gated && forms ? <div class="gate"><forms.Gate chat={c.chat} key={c.chat.gate} /></div> : <Card c={c} t={t} />}
        {rates && forms && rated !== id && <forms.Survey key={id} chat={c.chat} close={() => setRated(id)} />}
      </main>
    </div>
  )
}

function Card({ c, t }: { c: Counter; t: Words }) {
  const style = c.config?.styleSettings
  const ahead = c.chat.state?.status === 'queued' ? c.chat.state.ahead : -1
  switch (c.phase) {
    case 'loading': return <div class="card" role="status"><p class="lead">{t.loading}</p></div>
    case 'broken': return <div class="card" role="alert"><p class="lead">{c.chat.note || t.broken}</p></div>
    case 'call': return <div class="card" role="status"><p class="lead">{t.connected(c.agent)}</p></div>
    case 'waiting': return (
      <div class="card">
        <Mirror c={c} t={t} />
        <p class="lead">{style?.callingPrompt || t.calling}</p>
        <p class="now" role="status" data-test="place">{c.rings ? t.ringing(c.agent) : ahead > 0 ? t.ahead(ahead) : ahead === 0 ? t.next : t.loading}</p>
        <div class="pulse" aria-hidden="true"><i /><i /><i /></div>
        <button type="button" class="btn quiet" data-test="cancel" onClick={() => void c.finish()}>{t.cancel}</button>
      </div>
    )
    case 'ended': return (
      <div class="card">
        <p class="lead" role="status" data-test="ending">{style?.endingPrompt || t.ending}</p>
        {c.reason && t.ends[c.reason] && <p class="now">{t.ends[c.reason]}</p>}
        <Problem c={c} t={t} />
        <Start c={c} t={t} label={t.again} />
      </div>
    )
    default: return (
      <div class="card">
        <span class="sign" aria-hidden="true"><Icon d={CAMERA} w={1.6} /></span>
        <p class="lead">{style?.waitingPrompt || (c.config?.functionSettings.visitorCameraOff ? t.waitingOff : t.waiting)}</p>
        <Problem c={c} t={t} />
        <Start c={c} t={t} label={c.phase === 'asking' ? t.asking : t.start} />
      </div>
    )
  }
}
function Problem({ c, t }: { c: Counter; t: Words }) {
  return c.problem ? <p class="bad" role="alert">{t[c.problem]}</p> : null
}
function Start({ c, label }: { c: Counter; t: Words; label: string }) {
  return <button type="button" class="btn" data-test="start" disabled={c.phase === 'asking'} onClick={() => void c.start()}><Icon d={CAMERA} /> {label}</button>
}

/** The visitor's own picture while it waits. */
function Mirror({ c, t }: { c: Counter; t: Words }) {
  const el = useRef<HTMLVideoElement>(null)
  const stream = c.held?.stream
  useEffect(() => {
    if (!el.current || !stream) return
    el.current.srcObject = stream
    void el.current.play().catch(() => undefined) // it begins with the next touch
  }, [stream])
  if (!stream?.getVideoTracks().some((x) => x.enabled)) return <span class="sign" aria-hidden="true"><Icon d={CAMERA} w={1.6} /></span>
  return <video class="mirror" ref={el} autoplay playsInline muted aria-label={t.you} data-test="mirror" />
}
