/** The links of Markdown pages: which of them lead nowhere. Links to other hosts are not followed. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Code shows brackets that are no links, and lines with `#` that are no headings. */
const withoutCode = (markdown: string) =>
  markdown.replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]+`/g, code => code.replace(/[[\]]/g, ''))

/** The anchors of a page, as GitHub makes them of its headings: small letters, no punctuation, numbers where one comes again. */
export function listAnchors(markdown: string): Set<string> {
  const seen = new Map<string, number>()
  const headings = withoutCode(markdown).matchAll(/^#{1,6} +(.+?) *$/gm)
  const named = [...markdown.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, name = '']) => name)
  const made = [...headings].map(([, heading = '']) => {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = words.replace(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-')
    const count = seen.get(anchor) ?? 0
    seen.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  })
  return new Set([...made, ...named])
}

/** Where the links and pictures of a page lead: paths and anchors as they are written, hosts left out. */
export function listTargets(markdown: string): string[] {
  const text = withoutCode(markdown)
  const links = [...text.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g), ...text.matchAll(/^\[[^\]]+\]: (\S+)$/gm)]
  const tags = text.matchAll(/ (?:href|src|srcset)="([^"]+)"/g)
  return [...links, ...tags].map(([, target = '']) => target).filter(target => !/^[a-z]+:/.test(target))
}

/** Each link of a page that leads nowhere, as `page: target`; paths are from the project's folder. */
export function listBroken(root: string, page: string): string[] {
  const markdown = readFileSync(join(root, page), 'utf8')
  const broken = listTargets(markdown).filter(target => {
    const [path = '', anchor] = target.split('#')
    const file = path === '' ? join(root, page) : join(root, dirname(page), decodeURIComponent(path))
    if (!existsSync(file)) return true
    return anchor !== undefined && !(file.endsWith('.md') && listAnchors(readFileSync(file, 'utf8')).has(anchor))
  })
  return broken.map(target => `${page}: ${target}`)
}
