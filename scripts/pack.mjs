// Proves the package as its users get it. Run by `npm run pack`; `npm run pack -- --keep` leaves the packed file in the
// project's folder. Builds and packs, checks the list of files and the size, asks publint and attw, then installs the packed
// file into an empty project and uses it there: with this Node, and with each `--node PATH`, `--deno PATH` and `--bun PATH`.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { EmptyApp, listCompanions } from './empty-app.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** @type {{ name: string, exports: Record<string, string | { types: string, default: string }>, bin: Record<string, string>, peerDependencies: Record<string, string> }} */
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Doors that need a package which an app brings itself, as an optional peer: every other door does without. */
const peers = new Map([['./otel', '@opentelemetry/api']])

const many = /** @type {const} */ ({ type: 'string', multiple: true })
const { values: options } = parseArgs({
  options: { keep: { type: 'boolean' }, node: many, deno: many, bun: many },
})

/** The packed file may not grow beyond this unseen, in KiB. */
const maxKib = 600

/** What the packed file may hold: beside the build's output only these. */
const topFiles = new Set(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'])
const builtFile = /^dist\/[\w/-]+(\.js|\.d\.ts)$/
/** What the README shows and leads to. */
const page = /^docs\/[\w-]+\.(md|svg)$/

/** Runs a program and gives what it prints; what it says on stderr passes through.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {string} [cwd] */
function run(program, args, cwd = root) {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Runs npm: the one that runs this script, where there is one.
 * @param {readonly string[]} args
 * @param {string} [cwd] */
function npm(args, cwd) {
  const path = process.env['npm_execpath']
  return path === undefined ? run('npm', args, cwd) : run(process.execPath, [path, ...args], cwd)
}

/** Runs a tool of the project's node_modules and shows what it prints.
 * @param {string} path its program
 * @param {readonly string[]} args */
function check(path, args) {
  const tool = join(root, 'node_modules', path)
  execFileSync(process.execPath, [tool, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
}

/** The files that every door and command of the manifest needs. */
function listNeeded() {
  const doors = Object.values(manifest.exports).flatMap(door =>
    typeof door === 'string' ? [door] : Object.values(door),
  )
  return [...doors, ...Object.values(manifest.bin), ...topFiles].map(path => path.replace(/^\.\//, ''))
}

/** Fails where the packed file lacks something or holds something strange.
 * @param {readonly string[]} files */
function checkFiles(files) {
  const problems = [
    ...files
      .filter(path => ![builtFile, page].some(kind => kind.test(path)) && !topFiles.has(path))
      .map(path => `${path} does not belong there`),
    ...listNeeded()
      .filter(path => !files.includes(path))
      .map(path => `${path} is missing`),
  ]
  if (problems.length > 0) throw new Error(`the packed file is wrong:\n  ${problems.join('\n  ')}`)
}

/** Tries the packed file in an empty project: the app, on this Node and on each runtime that was named, then types and doors.
 * @param {string} tarball
 * @param {string} folder */
function checkInstalled(tarball, folder) {
  const doors = Object.keys(manifest.exports).filter(door => typeof manifest.exports[door] !== 'string')
  const app = new EmptyApp(folder, npm)
  app.install([tarball])
  app.run(process.execPath)
  for (const [kind, programs] of Object.entries(options)) {
    if (typeof programs === 'object') for (const program of programs) app.run(program, kind)
  }
  app.importDoors(doors.filter(door => !peers.has(door)))
  app.install(listCompanions())
  app.importDoors([...peers.keys()])
  app.checkTypes()
}

const folder = mkdtempSync(join(tmpdir(), 'pack-'))
try {
  // `ignore-scripts` in .npmrc silences `prepack` too, so the build is started here.
  run(process.execPath, [join(root, 'scripts/build.mjs')])
  // One npm prints a list here, another an object by package name.
  const [packed] = Object.values(JSON.parse(npm(['pack', '--json', '--pack-destination', folder])))
  const tarball = join(folder, packed.filename)
  const kib = Math.ceil(packed.size / 1024)
  if (kib > maxKib) throw new Error(`the packed file has ${kib} KiB, more than ${maxKib}: see what it holds`)
  checkFiles(packed.files.map((/** @type {{ path: string }} */ file) => file.path))
  check('publint/src/cli.js', ['run', tarball, '--strict'])
  check('@arethetypeswrong/cli/dist/index.js', [tarball, '--profile', 'esm-only', '--no-definitely-typed'])
  checkInstalled(tarball, mkdtempSync(join(folder, 'installed-')))
  if (options.keep) copyFileSync(tarball, join(root, basename(tarball)))
  console.log(`${basename(tarball)}: ${packed.files.length} files, ${kib} KiB (of ${maxKib} at most)`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
