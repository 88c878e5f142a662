import { useEffect, useRef, useState } from 'preact/hooks'
import type { Chat } from './chat'
import { Icon } from './icon'
import { sheet } from './sheet'

// Recording a voice message; loaded when the visitor first wants to.

const WORDS: Record<string, [stop: string, cancel: string, refused: string, run: string]> = {
  zh: ['发送语音', '取消', '无法使用麦克风。', '正在录音'],
  en: ['Send recording', 'Cancel', 'The microphone cannot be used.', 'Recording'],
  pt: ['Enviar gravação', 'Cancelar', 'O microfone não pode ser usado.', 'Gravando'],
}
/** The longest recording, in seconds. */
const LONGEST = 120
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus', '']

sheet(`.rec{display:flex;align-items:center;gap:10px;padding:6px 4px}.rec i{width:10px;height:10px;border-radius:50%;background:var(--bad);animation:rec 1.2s infinite}.rec span{flex:1;font-variant-numeric:tabular-nums}@keyframes rec{50%{opacity:.25}}@media(prefers-reduced-motion:reduce){.rec i{animation:none}}`)

export function Voice({ chat, close }: { chat: Chat; close: () => void }) {
  const t = WORDS[document.documentElement.lang.slice(0, 2)] ?? WORDS.en!
  const [spent, setSpent] = useState(0)
  const [bad, setBad] = useState(false)
  const rec = useRef<MediaRecorder>(undefined)
  const keep = useRef(false)
  useEffect(() => {
    let gone = false
    let clock: ReturnType<typeof setInterval>
    const began = () => performance.now()
    navigator.mediaDevices.getUserMedia({ audio: true }).then((stream) => {
      if (gone) return stream.getTracks().forEach((x) => x.stop())
      const type = TYPES.find((x) => !x || MediaRecorder.isTypeSupported(x))
      const r = new MediaRecorder(stream, { audioBitsPerSecond: 32_000, ...(type ? { mimeType: type } : {}) })
      const parts: Blob[] = []
      const from = began()
      r.ondataavailable = (e) => parts.push(e.data)
      r.onstop = () => {
        stream.getTracks().forEach((x) => x.stop())
        clearInterval(clock)
        const ms = Math.round(began() - from)
        const kind = (r.mimeType || 'audio/webm').split(';')[0]!
        if (keep.current && ms > 500) chat.files([new File(parts, 'voice.' + (kind.split('/')[1] ?? 'webm'), { type: kind })], ms)
        close()
      }
      rec.current = r
      r.start()
      clock = setInterval(() => {
        const s = Math.floor((began() - from) / 1_000)
        setSpent(s)
        if (s >= LONGEST) end(true)
      }, 250)
    }, () => setBad(true))
    return () => { gone = true; if (rec.current?.state === 'recording') rec.current.stop() }
  }, [])
  const end = (on: boolean) => {
    keep.current = on
    if (rec.current?.state === 'recording') rec.current.stop()
    else close()
  }
  return (
    <div class="rec" role="group" aria-label={t[3]} onKeyDown={(e) => { if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); end(false) } }}>
      {bad ? <span role="alert">{t[2]}</span> : <><i aria-hidden="true" /><span role="timer">{Math.floor(spent / 60)}:{String(spent % 60).padStart(2, '0')}</span></>}
      <button type="button" class="btn quiet" ref={(el) => { if (el && !el.dataset.on) { el.dataset.on = '1'; el.focus() } }} onClick={() => end(false)}>{t[1]}</button>
      {!bad && <button type="button" class="send" aria-label={t[0]} onClick={() => end(true)}><Icon d="M22 2 11 13M22 2l-7 20-4-9-9-4z" /></button>}
    </div>
  )
}
