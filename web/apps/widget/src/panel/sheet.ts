/** Adds the styles of a part that is loaded later. */
export function sheet(css: string) {
  const s = new CSSStyleSheet()
  s.replaceSync(css)
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, s]
}
