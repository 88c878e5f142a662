import { useEffect, useRef, useState } from 'preact/hooks'
import type { Peer } from '@parlor/protocol/call'
import { toError } from '@parlor/protocol/errors'
import type { FileInfo, Problem } from '@parlor/protocol/types'
import { upload } from '@parlor/protocol/upload'
import { COLOURS, MAX_PAGES, TOOLS, WIDTHS, type Tool } from '@parlor/protocol/whiteboard'
import { BoardView } from '@parlor/protocol/whiteboard-view'
import type { Calling } from './call'
import { Icon } from './icon'
import { sheet } from './sheet'

// The whiteboard of a call; loaded with the first one.

sheet(`.wb{flex:1;min-height:0;display:flex;flex-direction:column;background:#1c212c}.wb[hidden]{display:none}.wb>.kit{display:flex;flex-wrap:wrap;align-items:center;justify-content:center;gap:3px 10px;padding:5px 8px;background:#10131a}.wb .kit>span{display:flex;align-items:center;gap:2px}.wb .kit button{width:34px;height:34px;border-radius:9px;display:grid;place-items:center;color:#fff;background:none}.wb .kit button[aria-pressed=true]{background:#333b4c;box-shadow:inset 0 0 0 2px #fff}.wb .kit button:disabled{opacity:.4;cursor:default}.wb .kit i{border-radius:50%;background:currentColor}.wb .kit .c{width:20px;height:20px;border:2px solid #fff}.wb .leaf{color:#fff;padding:0 6px;font-size:13px;font-variant-numeric:tabular-nums}.wb .far{margin-inline-start:auto}.wb>.area{flex:1;min-height:0;margin:6px;display:flex}.wb>p{margin:0;padding:4px 10px;background:#5c1a20;font-size:13px;text-align:center}`)

interface Words { title: string; tool: string; tools: string[]; eraser: string; colour: string; colours: string[]; width: string; widths: string[]; undo: string; picture: string; page(n: number, of: number): string; text: string; size: string; lost: string; full: string }
const WORDS: Record<string, Words> = {
  zh: { title: '白板', tool: '工具', tools: ['画笔', '直线', '箭头', '矩形', '椭圆', '文字'], eraser: '橡皮（只擦除自己的）', colour: '颜色', colours: ['黑色', '红色', '琥珀色', '绿色', '蓝色', '紫色'], width: '粗细', widths: ['细', '中', '粗'], undo: '撤销我的上一步', picture: '插入图片作为新页', page: (n, of) => `第 ${n} 页，共 ${of} 页`, text: '输入文字', size: '图片太大', lost: '图片没有传上去，请再试一次', full: '白板已满' },
  en: { title: 'Whiteboard', tool: 'Tool', tools: ['Pen', 'Line', 'Arrow', 'Rectangle', 'Ellipse', 'Text'], eraser: 'Eraser (your own)', colour: 'Colour', colours: ['Black', 'Red', 'Amber', 'Green', 'Blue', 'Purple'], width: 'Line width', widths: ['Thin', 'Medium', 'Thick'], undo: 'Undo my last step', picture: 'Add a picture as a new page', page: (n, of) => `Page ${n} of ${of}`, text: 'Text', size: 'The picture is too large', lost: 'The picture was not sent; please try again', full: 'The whiteboard is full' },
  pt: { title: 'Quadro branco', tool: 'Ferramenta', tools: ['Caneta', 'Linha', 'Seta', 'Retângulo', 'Elipse', 'Texto'], eraser: 'Borracha (só o que é seu)', colour: 'Cor', colours: ['Preto', 'Vermelho', 'Âmbar', 'Verde', 'Azul', 'Roxo'], width: 'Espessura', widths: ['Fina', 'Média', 'Grossa'], undo: 'Desfazer meu último passo', picture: 'Adicionar uma imagem como nova página', page: (n, of) => `Página ${n} de ${of}`, text: 'Texto', size: 'A imagem é grande demais', lost: 'A imagem não foi enviada; tente de novo', full: 'O quadro está cheio' },
}
const ICONS: Record<Tool | 'eraser', string> = {
  pen: 'M12 20h9M16.5 3.5a2.1 2.1 0 0 1 3 3L7 19l-4 1 1-4z', line: 'M5 19 19 5', arrow: 'M13 5h6v6M19 5 5 19', rectangle: 'M4 5h16v14H4z', ellipse: 'M3 12a9 7 0 1 0 18 0 9 7 0 1 0-18 0', text: 'M5 6V4h14v2M12 4v16M9 20h6',
  eraser: 'm7 21-4-4a2 2 0 0 1 0-3L13 4a2 2 0 0 1 3 0l5 5a2 2 0 0 1 0 3l-9 9H7M8 9l7 7M12 21h9',
}

export function White({ c, p, shown }: { c: Calling; p: Peer; shown: boolean }) {
  const w = WORDS[document.documentElement.lang.slice(0, 2)] ?? WORDS.en!
  const area = useRef<HTMLDivElement>(null)
  const file = useRef<HTMLInputElement>(null)
  const [, tick] = useState(0)
  const [bad, setBad] = useState('')
  const [busy, setBusy] = useState(false)
  const again = () => tick((n) => n + 1)
  useEffect(() => {
    c.view = new BoardView(area.current!, { side: 'visitor', call: c.call.id, tell: (n) => p.tellBoard(n), changed: again, failed: (e) => setBad(e.message), label: w.title, textLabel: w.text })
    again()
    return () => { c.view?.destroy(false); delete c.view }
  }, [])
  useEffect(() => {
    const late = setTimeout(() => setBad(''), 5_000)
    return () => clearTimeout(late)
  }, [bad])
  const v = c.view
  const pick = <K extends 'tool' | 'colour' | 'width'>(k: K, x: BoardView[K]) => { if (v) { v[k] = x; again() } }
  const add = async (f?: File) => {
    if (!f || !v) return
    if (f.size > (c.chat.session?.maxFile || Infinity)) return setBad(w.size)
    setBusy(true)
    try {
      const r = await upload('/api/parlor/v1/visitor/files', f, { Authorization: 'Bearer ' + c.chat.token }, () => undefined)
      if (r.status < 300) v.addPage((JSON.parse(r.body) as FileInfo).url)
      else setBad(r.body[0] === '{' ? ((JSON.parse(r.body) as Problem).detail ?? w.lost) : w.lost)
    } catch (e) {
      setBad(toError(e).temporary ? w.lost : toError(e).message)
    }
    setBusy(false)
  }
  const tools = (['pen', 'eraser'] as (Tool | 'eraser')[]).concat(TOOLS.slice(1))
  const name = (x: Tool | 'eraser') => (x === 'eraser' ? w.eraser : w.tools[TOOLS.indexOf(x)]!)
  return (
    <section class="wb" hidden={!shown} aria-label={w.title} data-test="whiteboard">
      <div class="kit">
        <span class="leaf" role="status" data-test="board-page">{v && w.page(v.board.place + 1, v.board.pages.length)}</span>
        <span class="far">
          <button type="button" aria-label={w.undo} title={w.undo} disabled={!v?.board.last} data-test="board-undo" onClick={() => v?.undo()}><Icon d="M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3" /></button>
          <button type="button" aria-label={w.picture} title={w.picture} disabled={busy || !v || v.board.pages.length >= MAX_PAGES} data-test="board-picture" onClick={() => file.current!.click()}><Icon d="M3 5h18v14H3zM3 16l5-5 4 4 3-3 6 6M15 9h.01" /></button>
        </span>
        <input ref={file} type="file" accept="image/*" hidden data-test="board-file" onChange={(e) => { const f = e.currentTarget.files?.[0]; void add(f); e.currentTarget.value = '' }} />
      </div>
      <div class="area" ref={area} />
      {(bad || v?.board.full) && <p role="alert">{bad || w.full}</p>}
      <div class="kit">
        <span role="group" aria-label={w.tool}>{tools.map((x) => <button key={x} type="button" aria-pressed={v?.tool === x} aria-label={name(x)} title={name(x)} data-test={'board-' + x} onClick={() => pick('tool', x)}><Icon d={ICONS[x]} /></button>)}</span>
        <span role="group" aria-label={w.width}>{WIDTHS.map((x, i) => <button key={x} type="button" aria-pressed={v?.width === x} aria-label={w.widths[i]} title={w.widths[i]} onClick={() => pick('width', x)}><i style={`width:${5 + i * 4}px;height:${5 + i * 4}px`} /></button>)}</span>
        <span role="group" aria-label={w.colour}>{COLOURS.map((x, i) => <button key={x} type="button" aria-pressed={v?.colour === x} aria-label={w.colours[i]} title={w.colours[i]} onClick={() => pick('colour', x)}><i class="c" style={`background:${x}`} /></button>)}</span>
      </div>
    </section>
  )
}
