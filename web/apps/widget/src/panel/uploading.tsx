import type { Texts } from '../i18n/en'
import type { Chat, Upload } from './chat'
import { sheet } from './sheet'
import { size } from './time'
import { drop, run } from './upload'

export { Drawn } from './drawn'

sheet('progress{width:160px;height:4px;margin-top:5px;accent-color:var(--brand-ink)}')

const WORDS: Record<string, [tooLarge: (max: string) => string, refused: string]> = {
  zh: [(max) => `文件不能超过 ${max}。`, '文件未被接受。'],
  en: [(max) => `Files may be at most ${max}.`, 'The file was not accepted.'],
  pt: [(max) => `Os arquivos podem ter no máximo ${max}.`, 'O arquivo não foi aceito.'],
}

/** A file on its way, or why it did not get there; loaded with the first file. */
export function Uploading({ u, chat, t }: { u: Upload; chat: Chat; t: Texts }) {
  const [tooLarge, refused] = WORDS[document.documentElement.lang.slice(0, 2)] ?? WORDS.en!
  const why = u.error === 'size' ? tooLarge(size(chat.session?.maxFile ?? 0)) : u.error === 'refused' ? refused : t.failed
  return (
    <div class="msg me last pending">
      {u.preview ? <span class="pic"><img src={u.preview} alt={u.file.name} width="160" height="110" /></span> : <span class="card"><span><b>{u.file.name}</b><small>{size(u.file.size)}</small></span></span>}
      {u.error ? (
        <span class="meta bad" role="alert">{why} {u.error === 'lost' && <button type="button" onClick={() => void run(chat, u)}>{t.retry}</button>} <button type="button" onClick={() => drop(chat, u)}>{t.discard}</button></span>
      ) : <progress max={1} value={u.part} aria-label={`${t.sending}: ${u.file.name}`} />}
    </div>
  )
}
