import { Component } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Texts } from '../i18n/en'
import type { Chat } from './chat'
import { Composer } from './composer'
import { Icon } from './icon'
import { Log } from './log'

interface Props { chat: Chat; t: Texts; name: string; greeting: string; tick: number }

/** The whole panel: head, what stands between, log, composer. */
export function Panel({ chat, t, name, greeting }: Props) {
  const [view, setView] = useState<'chat' | 'history' | 'sure'>('chat')
  const [menu, setMenu] = useState(false)
  const [drag, setDrag] = useState(false)
  const [more, setMore] = useState<typeof import('./more')>()
  const toggle = () => {
    setMenu(!menu)
    import('./more').then(setMore, () => undefined)
  }
  const s = chat.state
  const look = chat.session?.inbox.widget?.look
  const said = (x?: Record<string, string>) => x?.[document.documentElement.lang] || x?.['']
  const agent = s?.status === 'open' ? s.agent?.name : ''
  const sub = chat.phase === 'loading' ? t.connecting : chat.typing ? t.typing(chat.typing === '…' ? agent || t.agent : chat.typing) : agent ? t.with(agent) : s?.status === 'queued' ? t.queued : chat.session && !chat.session.agentsOnline ? t.offline : said(look?.subtitle) || t.online
  const ended = s?.status === 'closed'
  const [forms, setForms] = useState<typeof import('./forms')>()
  const [done, setDone] = useState('')
  const rate = chat.surveyed || (ended && s.agent && s.lastSeq && chat.session?.inbox.widget?.survey ? s.conversation : '')
  const wants = chat.gate || rate || chat.wish.product
  useEffect(() => { if (wants && !forms) import('./forms').then(setForms, () => undefined) }, [wants])
  useEffect(() => {
    if (!menu) return
    const off = (e: Event) => { if (!(e.target as HTMLElement).closest('.menu')) setMenu(false) }
    addEventListener('pointerdown', off)
    return () => removeEventListener('pointerdown', off)
  }, [menu])

  return (
    <main
      class="panel" aria-label={name}
      onDragOver={(e) => { e.preventDefault(); if (!ended) setDrag(true) }}
      onDragLeave={(e) => { if (e.currentTarget === e.target) setDrag(false) }}
      onDrop={(e) => { e.preventDefault(); setDrag(false); if (e.dataTransfer && !ended) chat.files(e.dataTransfer.files) }}
    >
      <header>
        {view === 'chat' ? <span class="face" aria-hidden="true">{look?.logo && !agent ? <img src={look.logo} alt="" /> : [...(agent || name)].slice(0, 1)}</span>
          : <button type="button" class="ib" aria-label={t.back} onClick={() => setView('chat')}><Icon d="m15 18-6-6 6-6" /></button>}
        <div class="who"><h1>{view === 'history' ? t.history : agent || said(look?.title) || name}</h1>{view !== 'history' && <p>{sub}</p>}</div>
        <div class="menu" onKeyDown={(e) => { if (e.key === 'Escape' && menu) { e.preventDefault(); e.stopPropagation(); setMenu(false) } }}>
          <button type="button" class="ib" aria-label={t.menu} aria-expanded={menu} onClick={toggle}><Icon d="M5 12h.01M12 12h.01M19 12h.01" w={3} /></button>
          {menu && more && <more.Pop t={t} chat={chat} history={() => { setMenu(false); setView('history') }} end={s && !ended ? () => { setMenu(false); setView('sure') } : undefined} />}
        </div>
        <button type="button" class="ib" aria-label={t.close} onClick={() => chat.tell({ t: 'close' })}><Icon d={chat.compact ? 'M18 6 6 18M6 6l12 12' : 'm6 9 6 6 6-6'} /></button>
      </header>
      {chat.offline && <div class="bar warn" role="status"><b>{t.lost}</b> {(chat.pending.length > 0) && t.lostHint}</div>}
      {s?.status === 'queued' && view === 'chat' && <div class="bar" role="status"><b>{t.queue(s.ahead)}</b> {t.queueHint}</div>}
      {chat.phase === 'broken' ? <div class="hole" role="alert">{chat.note || t.broken}</div>
        : view === 'history' && more ? <more.History chat={chat} t={t} />
        : chat.gate ? forms && <forms.Gate chat={chat} key={chat.gate} />
        : <Safe text={t.broken}>{forms && chat.wish.product && <forms.Product chat={chat} />}<Log chat={chat} t={t} greeting={greeting} name={name} /></Safe>}
      {view === 'sure' && more && <more.Sure t={t} cancel={() => setView('chat')} end={() => { void more.end(chat); setView('chat') }} />}
      {view === 'chat' && forms && rate && done !== rate && <forms.Survey key={rate} chat={chat} close={() => { setDone(rate); chat.surveyed = '' }} />}
      {view === 'chat' && !chat.gate && ended && <div class="foot"><p>{t.closed}</p><button type="button" class="btn" onClick={() => chat.renew()}>{t.again}</button></div>}
      {view === 'chat' && !ended && !chat.gate && chat.phase !== 'broken' && <Composer chat={chat} t={t} />}
      {drag && <div class="drop" aria-hidden="true">{t.drop}</div>}
    </main>
  )
}

/** A fault while drawing must not leave an empty panel. */
class Safe extends Component<{ text: string }, { bad: boolean }> {
  override state = { bad: false }
  static override getDerivedStateFromError() { return { bad: true } }
  render() { return this.state.bad ? <div class="hole">{this.props.text}</div> : this.props.children }
}
