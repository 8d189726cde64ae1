/** Text that is safe inside HTML. */
export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const style = `
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6577; --paper: #f6f7fa; --card: #fff; --edge: #e1e5ec; --alert: #a4341b; --alert-paper: #fdf0ec }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf2; --soft: #9aa4b8; --paper: #14171f; --card: #1c212c; --edge: #2d3443; --alert: #ffa88f; --alert-paper: #3a211b } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 40px 24px 64px; max-width: 1240px; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
h1 { font-size: 26px; margin: 0 0 4px } h2 { font-size: 16px; margin: 0 0 12px } p { margin: 0 0 8px; color: var(--soft) }
.facts { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0 24px; padding: 0; list-style: none }
.facts li { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 12px 18px; min-width: 130px }
.facts b { display: block; font-size: 22px; font-weight: 600; font-variant-numeric: tabular-nums } .facts span { color: var(--soft); font-size: 13px }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 500px), 1fr)); gap: 20px }
section { background: var(--card); border: 1px solid var(--edge); border-radius: 12px; padding: 20px; overflow-x: auto }
section.wide { grid-column: 1 / -1 } section.alert { border-color: var(--alert); background: var(--alert-paper) } section.alert p { color: var(--alert) }
figure { margin: 0 } svg { max-width: 100%; height: auto; background: none !important; overflow: visible }
.samples { display: flex; flex-wrap: wrap; gap: 14px } .samples figure { width: 96px; text-align: center }
.samples img { width: 96px; height: 96px; image-rendering: pixelated; border-radius: 8px; border: 1px solid var(--edge) }
figcaption { font-size: 12px; color: var(--soft); line-height: 1.35; margin-top: 4px } figcaption b { color: var(--ink) }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 13.5px }
th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--edge); white-space: nowrap } th { color: var(--soft); font-weight: 500 } th:first-child, td:first-child { text-align: left }
`

/** One box of a page. */
export interface Section {
  readonly title: string
  /** HTML. */
  readonly body: string
  readonly kind?: 'plain' | 'wide' | 'alert'
}

/** A figure with the name of what it is. */
export interface Fact {
  readonly name: string
  readonly value: string
}

/** Puts sections together as one page that needs nothing else: no script, no font, no picture from elsewhere. */
export const htmlPage = (title: string, note: string, facts: readonly Fact[], sections: readonly Section[]): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
<body>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(note)}</p>
<ul class="facts">${facts.map(({ name, value }) => `<li><b>${escapeHtml(value)}</b><span>${escapeHtml(name)}</span></li>`).join('')}</ul>
<div class="grid">
${sections.map(({ title: heading, body, kind = 'plain' }) => `<section class="${kind}"><h2>${escapeHtml(heading)}</h2>${body}</section>`).join('\n')}
</div>
</body>
</html>
`

/** A table; the first column is text. */
export const htmlTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<table><thead><tr>${head.map((cell) => `<th>${escapeHtml(cell)}</th>`).join('')}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`)
    .join('')}</tbody></table>`
