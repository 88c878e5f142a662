import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ComponentType } from 'preact'
import type { Texts } from '../i18n/en'
import type { Chat } from './chat'
import { Icon } from './icon'

export function Composer({ chat, t }: { chat: Chat; t: Texts }) {
  const box = useRef<HTMLTextAreaElement>(null)
  const file = useRef<HTMLInputElement>(null)
  const [text, setText] = useState('')
  const [Emoji, setEmoji] = useState<ComponentType<{ label: string; pick: (e: string) => void; close: () => void }>>()
  const [open, setOpen] = useState(false)
  const [Voice, setVoice] = useState<ComponentType<{ chat: Chat; close: () => void }>>()
  const look = chat.session?.inbox.widget?.look

  useLayoutEffect(() => {
    const el = box.current
    if (!el) return
    el.style.height = 'auto'
    el.style.height = Math.min(el.scrollHeight, 116) + 'px'
  }, [text])
  useEffect(() => { if (chat.shown && !chat.compact) box.current?.focus() }, [chat.shown])

  const change = (value: string) => {
    setText(value)
    chat.preview(value)
  }
  const send = () => {
    const value = text.trim()
    if (!value) return
    chat.send(value)
    setText('')
    box.current?.focus()
  }
  const insert = (piece: string) => {
    const el = box.current!
    const at = el.selectionStart
    change(text.slice(0, at) + piece + text.slice(el.selectionEnd))
    setOpen(false)
    el.focus()
    requestAnimationFrame(() => el.setSelectionRange(at + piece.length, at + piece.length))
  }
  const emoji = () => {
    setOpen(!open)
    import('./emoji').then((m) => setEmoji(() => m.Emoji), () => undefined)
  }
  return (
    <form class="composer" onSubmit={(e) => { e.preventDefault(); send() }}>
      {open && Emoji && <Emoji label={t.emoji} pick={insert} close={() => { setOpen(false); box.current?.focus() }} />}
      {Voice ? <Voice chat={chat} close={() => setVoice(undefined)} /> : <div class="line">
        <textarea
          ref={box} rows={1} value={text} placeholder={t.placeholder} aria-label={t.placeholder} aria-describedby={chat.session?.inbox.typingPreview ? 'note' : undefined} maxLength={look?.maxChars || 10_000}
          onInput={(e) => change(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.isComposing || e.keyCode === 229) return
            if (e.key === 'Enter' && !e.shiftKey && (!look?.ctrlEnter || e.ctrlKey || e.metaKey)) { e.preventDefault(); send() }
          }}
          onPaste={(e) => {
            const files = [...(e.clipboardData?.files ?? [])]
            if (files.length && !look?.noFiles) { e.preventDefault(); chat.files(files) }
          }}
        />
        <button type="submit" class="send" aria-label={t.send} disabled={!text.trim()}><Icon d="M22 2 11 13M22 2l-7 20-4-9-9-4z" /></button>
      </div>}
      <div class="tools">
        {!look?.noEmoji && <button type="button" class="ib" aria-label={t.emoji} aria-expanded={open} onClick={emoji}><Icon d="M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20M8 14s1.5 2 4 2 4-2 4-2M9 9h.01M15 9h.01" /></button>}
        {!look?.noFiles && <button type="button" class="ib" aria-label={t.attach} onClick={() => file.current!.click()}><Icon d="m21.4 11-9.2 9.2a6 6 0 0 1-8.5-8.5l9.2-9.2a4 4 0 0 1 5.7 5.7l-9.2 9.2a2 2 0 0 1-2.8-2.8l8.5-8.5" /></button>}
        {!look?.noVoice && 'MediaRecorder' in window && navigator.mediaDevices && <button type="button" class="ib" aria-label={t.voice} onClick={() => void import('./voice').then((m) => setVoice(() => m.Voice), () => undefined)}><Icon d="M12 2a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V5a3 3 0 0 0-3-3M5 11a7 7 0 0 0 14 0M12 18v4" /></button>}
        <input ref={file} type="file" multiple hidden aria-label={t.attach} accept={chat.session?.fileTypes?.join(',')} onChange={(e) => { chat.files(e.currentTarget.files ?? []); e.currentTarget.value = '' }} />
        {chat.session?.inbox.typingPreview && <small id="note">{t.preview}</small>}
      </div>
    </form>
  )
}
