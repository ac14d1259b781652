// Builds docs/site: the pages of docs/, and the reference of every public name, to be opened from disk. Run by `npm run docs`.
// typedoc and the TypeScript that it needs are packages of their own, in docs/; they are installed where they are missing.
// A warning of typedoc, and a link of the site that leads nowhere, is a failure.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const docs = join(root, 'docs')
const site = join(docs, 'site')
const typedoc = join(docs, 'node_modules/typedoc/bin/typedoc')

/** @param {string} program
 * @param {readonly string[]} args */
const run = (program, args) => execFileSync(program, args, { cwd: docs, stdio: ['ignore', 'inherit', 'inherit'] })

if (!existsSync(typedoc)) {
  const npm = process.env['npm_execpath']
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
  if (npm === undefined) run('npm', args)
  else run(process.execPath, [npm, ...args])
}

/** @type {{ exports: Record<string, string | object> }} */
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const doors = Object.keys(exports).filter(door => !door.endsWith('.json'))
const sources = doors.flatMap(door => ['--entryPoints', join(root, 'src', door, 'index.ts')])
run(process.execPath, [typedoc, '--logLevel', 'Warn', ...sources])

const pages = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.html'))
/** @type {Map<string, { anchors: Set<string>, targets: string[] }>} */
const read = new Map()
for (const path of pages) {
  const text = readFileSync(join(site, path), 'utf8')
  const find = (/** @type {RegExp} */ pattern) => [...text.matchAll(pattern)].map(([, found = '']) => found)
  const targets = [...find(/ href="([^"]+)"/g), ...find(/ src="([^"]+)"/g)].filter(target => !/^[a-z]+:/.test(target))
  read.set(path, { anchors: new Set(find(/ id="([^"]+)"/g)), targets: [...new Set(targets)] })
}

/** Whether a link of a page leads somewhere.
 * @param {string} page
 * @param {string} target */
function leads(page, target) {
  const [path = '', anchor = ''] = target.split('#').map(decodeURIComponent)
  const file = path === '' ? page : join(dirname(page), path)
  const found = read.get(file)
  // The theme's own anchor to the top of a page has no id.
  if (found) return anchor === '' || anchor === 'top' || found.anchors.has(anchor)
  return existsSync(join(site, file))
}

const broken = [...read].flatMap(([page, { targets }]) =>
  targets.filter(target => !leads(page, target)).map(target => `${page}: ${target}`),
)
if (broken.length > 0) throw new Error(`links of the site that lead nowhere:\n  ${broken.join('\n  ')}`)
console.log(`${pages.length} pages: open ${relative(process.cwd(), join(site, 'index.html'))} in a browser`)
