// Finds links that lead nowhere: in the Markdown of the checkout and in the pages of the documentation site.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, extname, join, relative, resolve } from 'node:path'

const isElsewhere = (link) => /^([a-z][a-z+.-]*:|\/\/)/i.test(link)

const withoutCode = (text) =>
  text.replace(/^([ \t]*)(```|~~~)[\s\S]*?^[ \t]*\2[^\S\n]*$/gm, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]]/g, ' '))

/** The links of a Markdown text: inline ones, images and definitions. */
export const linksOfMarkdown = (text) => {
  const plain = withoutCode(text)
  const inline = [...plain.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)]
  const definitions = [...plain.matchAll(/^\s{0,3}\[[^\]]+\]:\s+<?(\S+?)>?\s*$/gm)]
  return [...inline, ...definitions].map((match) => match[1])
}

const slug = (title) =>
  title
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')

/** The anchors of the headings of a Markdown text; a heading that comes again gets a number. */
export const anchorsOfMarkdown = (text) => {
  const seen = new Map()
  return [...text.replace(/^([ \t]*)```[\s\S]*?^[ \t]*```/gm, '').matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)].map(([, title]) => {
    const name = slug(title)
    const count = seen.get(name) ?? 0
    seen.set(name, count + 1)
    return count === 0 ? name : `${name}-${count}`
  })
}

const linksOfHtml = (text) =>
  [...text.matchAll(/<(?:a|link|script|img)\b[^>]*?\s(?:href|src)="([^"]*)"/g)].map((match) => match[1].replaceAll('&amp;', '&'))

const anchorsOfHtml = (text) => [...text.matchAll(/\s(?:id|name)="([^"]*)"/g)].map((match) => match[1])

const kinds = {
  '.md': { links: linksOfMarkdown, anchors: anchorsOfMarkdown },
  '.html': { links: linksOfHtml, anchors: anchorsOfHtml },
}

const cached = (read) => {
  const known = new Map()
  return (path) => {
    if (!known.has(path)) known.set(path, read(path))
    return known.get(path)
  }
}

/** Reads the anchors of each file once, however many links point at it. */
const anchorReader = () => cached((path) => new Set(kinds[extname(path)]?.anchors(readFileSync(path, 'utf8')) ?? []))

const faultOf = (from, link, anchorsOf) => {
  const [file, anchor] = link.split('#')
  const target = file === '' ? from : resolve(dirname(from), decodeURIComponent(file.split('?')[0]))
  if (!existsSync(target)) return 'no such file'
  if (anchor === undefined || anchor === '' || statSync(target).isDirectory() || !(extname(target) in kinds)) return undefined
  return anchorsOf(target).has(decodeURIComponent(anchor)) ? undefined : 'no such heading'
}

/** A line for each dead link of the files, which are named from a folder. */
export const deadLinks = (folder, files) => {
  const anchorsOf = anchorReader()
  return files.flatMap((file) => {
    const from = join(folder, file)
    const links = new Set(kinds[extname(file)].links(readFileSync(from, 'utf8')).filter((link) => !isElsewhere(link)))
    return [...links].flatMap((link) => {
      const fault = faultOf(from, link, anchorsOf)
      return fault === undefined ? [] : [`${relative(folder, from)}: ${link}: ${fault}`]
    })
  })
}

/** The files below a folder that end in something. */
export const filesBelow = (folder, ending) => readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(ending))
