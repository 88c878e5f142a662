import { render } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Board, type Line } from '@parlor/protocol/board'
import { COLOURS, TOOLS, WIDTHS, type Tool } from '@parlor/protocol/marks'
import type { Texts } from '../i18n/en'
import type { Chat } from './chat'
import { Icon } from './icon'
import { sheet } from './sheet'

sheet(`.draw{position:fixed;inset:0;z-index:9;display:flex;flex-direction:column;background:var(--bg);color:var(--ink)}.draw>div{display:flex;flex-wrap:wrap;align-items:center;gap:2px 6px;padding:6px 8px}.draw .top{padding-top:max(6px,env(safe-area-inset-top));border-bottom:1px solid var(--line)}.draw h2{flex:1;margin:0 6px;font-size:15px;line-height:20px}.draw .ib[aria-pressed=true]{background:var(--soft);box-shadow:inset 0 0 0 2px var(--brand-ink)}.draw .ib:disabled{opacity:.45;cursor:default}.draw .ib i{border-radius:50%;background:currentColor}.draw .ib .c{width:20px;height:20px;border:1px solid var(--ink2)}.draw .end{margin-inline-start:auto}.draw>div.stage{flex:1;min-height:0;padding:0;margin:8px;flex-wrap:nowrap}.draw .tools{padding-bottom:max(6px,env(safe-area-inset-bottom));border-top:1px solid var(--line);color:var(--ink)}.draw p{margin:0;padding:6px 14px;font-size:12.5px;line-height:17px;color:var(--ink2)}`)

const ICONS: Record<Tool, string> = { pen: 'M12 20h9M16.5 3.5a2.1 2.1 0 0 1 3 3L7 19l-4 1 1-4z', highlighter: 'm9 11-6 6v3h9l3-3m7-5-5 5a2 2 0 0 1-3 0l-5-5a2 2 0 0 1 0-3l5-5', arrow: 'M13 5h6v6M19 5 5 19', rectangle: 'M4 5h16v14H4z', ellipse: 'M3 12a9 9 0 1 0 18 0 9 9 0 1 0-18 0' }
interface Words { title: string; hint: string; look: string; closed: string; drawing(n: string): string; undo: string; tools: string[]; colours: string[]; widths: string[]; tool: string; colour: string; width: string; save: string; gone: string }
const WORDS: Record<string, Words> = {
  zh: { title: '一起标注', hint: '您画的内容客服会立即看到。', look: '您可以查看，但不能标注。', closed: '会话已结束，标注不再更改。', drawing: (n) => `${n} 正在标注…`, undo: '撤销我的上一笔', tools: ['画笔', '荧光笔', '箭头', '矩形', '椭圆'], colours: ['红色', '琥珀色', '绿色', '蓝色', '黑色', '白色'], widths: ['细', '中', '粗'], tool: '工具', colour: '颜色', width: '线宽', save: '保存图片', gone: '这张图片已不能标注。' },
  en: { title: 'Draw together', hint: 'We see at once what you draw.', look: 'You can look on but not draw.', closed: 'The conversation is over; the drawing stays as it is.', drawing: (n) => `${n} is drawing…`, undo: 'Undo my last mark', tools: ['Pen', 'Highlighter', 'Arrow', 'Rectangle', 'Ellipse'], colours: ['Red', 'Amber', 'Green', 'Blue', 'Black', 'White'], widths: ['Thin', 'Medium', 'Thick'], tool: 'Tool', colour: 'Colour', width: 'Line width', save: 'Save the picture', gone: 'This picture can no longer be drawn on.' },
  pt: { title: 'Desenhar em conjunto', hint: 'Vemos na hora o que você desenha.', look: 'Você pode ver, mas não desenhar.', closed: 'A conversa terminou; o desenho fica como está.', drawing: (n) => `${n} está desenhando…`, undo: 'Desfazer minha última marca', tools: ['Caneta', 'Marca-texto', 'Seta', 'Retângulo', 'Elipse'], colours: ['Vermelho', 'Âmbar', 'Verde', 'Azul', 'Preto', 'Branco'], widths: ['Fina', 'Média', 'Grossa'], tool: 'Ferramenta', colour: 'Cor', width: 'Espessura', save: 'Salvar a imagem', gone: 'Não é mais possível desenhar nesta imagem.' },
}

/** Opens the picture over the whole panel; everything behind it waits. */
export function open(chat: Chat, t: Texts, canvas: string, name: string) {
  const back = document.activeElement as HTMLElement | null
  const app = document.getElementById('app')!
  const root = document.body.appendChild(document.createElement('div'))
  app.inert = true
  const close = () => {
    render(null, root)
    root.remove()
    app.inert = false
    back?.focus()
  }
  render(<Draw chat={chat} t={t} canvas={canvas} name={name} close={close} />, root)
}

function Draw({ chat, t, canvas, name, close }: { chat: Chat; t: Texts; canvas: string; name: string; close: () => void }) {
  const stage = useRef<HTMLDivElement>(null)
  const first = useRef<HTMLButtonElement>(null)
  const board = useRef<Board>(undefined)
  const [, tick] = useState(0)
  const [bad, setBad] = useState('')
  const w = WORDS[document.documentElement.lang.slice(0, 2)] ?? WORDS.en!
  useEffect(() => {
    const b = board.current = new Board(stage.current!, {
      canvas, line: chat.socket as unknown as Line, label: name, own: (m) => m.by === 'visitor', changed: () => tick((n) => n + 1), failed: (e) => setBad(e.reason === 'canvas_not_found' ? w.gone : e.message),
    })
    const off = chat.socket!.on('state', (s) => { if (s.status === 'closed' && s.conversation === b.seen?.conversation) b.close() })
    first.current?.focus()
    return () => { off(); b.destroy() }
  }, [])
  const b = board.current
  const can = !!b?.can
  const pick = <K extends 'tool' | 'colour' | 'width'>(k: K, v: Board[K]) => { if (b) { b[k] = v; tick((n) => n + 1) } }
  const status = bad || (!b?.seen ? t.connecting : b.seen.closed ? w.closed : !b.seen.draws ? w.look : b.drawing.length ? w.drawing(b.drawing.join(', ')) : w.hint)
  return (
    <div class="draw" role="dialog" aria-modal="true" aria-label={w.title} onKeyDown={(e) => { if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); close() } }}>
      <div class="top">
        <button type="button" class="ib" ref={first} aria-label={t.back} onClick={close}><Icon d="m15 18-6-6 6-6" /></button>
        <h2>{w.title}</h2>
        <button type="button" class="ib" aria-label={w.undo} title={w.undo} disabled={!can || !b?.last} data-test="undo" onClick={() => void b?.undo()}><Icon d="M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3" /></button>
        {b?.seen && <a class="ib" href={b.seen.drawn} download={name.replace(/\.\w+$/, '') + '.png'} target="_blank" rel="noopener" aria-label={w.save} title={w.save} style="color:inherit"><Icon d="M12 3v12m-5-5 5 5 5-5M4 20h16" /></a>}
      </div>
      <div class="stage" ref={stage} />
      <p role="status">{status}</p>
      {b?.seen?.draws && !b.seen.closed && (
        <div class="tools">
          <span role="group" class="row" aria-label={w.tool} style="gap:2px">{TOOLS.map((x, i) => <button key={x} type="button" class="ib" aria-pressed={b.tool === x} aria-label={w.tools[i]} title={w.tools[i]} onClick={() => pick('tool', x)}><Icon d={ICONS[x]} /></button>)}</span>
          <span role="group" class="row" aria-label={w.width} style="gap:2px">{WIDTHS.map((x, i) => <button key={x} type="button" class="ib" aria-pressed={b.width === x} aria-label={w.widths[i]} title={w.widths[i]} onClick={() => pick('width', x)}><i style={`width:${5 + i * 4}px;height:${5 + i * 4}px`} /></button>)}</span>
          <span role="group" class="row" aria-label={w.colour} style="gap:2px">{COLOURS.map((x, i) => <button key={x} type="button" class="ib" aria-pressed={b.colour === x} aria-label={w.colours[i]} title={w.colours[i]} onClick={() => pick('colour', x)}><i class="c" style={`background:${x}`} /></button>)}</span>
        </div>
      )}
    </div>
  )
}
