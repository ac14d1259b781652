/** The snippets of README.md and of docs/*.md compile, run, and print what their pages say. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { certificate } from './support/certificate.ts'
import './support/leaks.ts'
import { runProgram, startProgram } from './support/program.ts'
import type { Outcome } from './support/snippet-runner.ts'
import { inWorld } from './support/snippet-world.ts'
import { anyEndpoint, listSnippets, type Snippet } from './support/snippets.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const read = (path: string) => readFile(join(root, path), 'utf8')
const readme = await read('README.md')
const docs = (await readdir(join(root, 'docs'))).filter(name => name.endsWith('.md')).map(name => `docs/${name}`)
const pages = await Promise.all(
  ['README.md', ...docs].map(async page => ({ page, snippets: listSnippets(page, await read(page), readme) })),
)

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'snippets-'))
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  // Of the package, its doors are found in src/; of the compiler's types, those of Node beside the project's own packages.
  const { name, exports } = JSON.parse(await read('package.json')) as { name: string; exports: object }
  const doors = Object.keys(exports).filter(door => !door.endsWith('.json'))
  const paths = Object.fromEntries(doors.map(door => [name + door.slice(1), [join(root, 'src', door, 'index.ts')]]))
  const compilerOptions = { paths, noUnusedLocals: false, typeRoots: [join(root, 'node_modules/@types')] }
  const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['*.mts'] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
  await writeFile(join(folder, 'ca.pem'), certificate)
  const files = pages.flatMap(({ snippets }) => snippets)
  await Promise.all(files.map(({ file, program }) => writeFile(join(folder, file), program)))
})
after(() => rm(folder, { recursive: true }))

const toEnvironment = () => ({ TSX_TSCONFIG_PATH: join(folder, 'tsconfig.json') })

test('the snippets of all pages compile, each with the lines that its page says it begins with', async () => {
  const { code, stdout } = await runProgram(join(root, 'node_modules/typescript/bin/tsc'), ['-p', folder])
  assert.equal(stdout, '')
  assert.equal(code, 0)
})

const isAlone = ({ expected: { alone, endless } }: Snippet) => alone === true || endless === true

/** Runs a snippet in a process of its own. */
async function runAlone({ file, program, expected }: Snippet): Promise<void> {
  let running: ReturnType<typeof startProgram> | undefined
  await inWorld(expected, server => {
    const text = program.replaceAll(anyEndpoint, server.endpoint)
    const env = { ...toEnvironment(), FAUNA_ENDPOINT: server.endpoint, FAUNA_SECRET: server.secret }
    const path = join(folder, `alone-${file}`)
    const starting = writeFile(path, text).then(() => (running = startProgram(path, [], { env, cwd: folder })))
    const stop = () => void starting.then(({ child }) => child.kill('SIGTERM'))
    return {
      ended: starting.then(({ finished }) => finished),
      printing: pattern => starting.then(({ prints }) => prints(pattern)),
      stop,
    }
  })
  const { code, signal, stdout, stderr } = (await running?.finished) ?? assert.fail('it was not started')
  assert.equal(stderr, '')
  assert.match(stdout, new RegExp(expected.prints))
  assert.deepEqual([code, signal], expected.endless ? [null, 'SIGTERM'] : [0, null])
}

/** Runs all snippets that are not alone in their process, and gives what became of each. */
async function runTogether(): Promise<readonly Outcome[]> {
  const snippets = pages.flatMap(page => page.snippets).filter(snippet => !isAlone(snippet))
  const job = join(folder, 'job.json')
  await writeFile(job, JSON.stringify({ folder, snippets }))
  const runner = join(root, 'tests/support/snippet-runner.ts')
  const options = { env: toEnvironment(), cwd: folder, importsTypeScript: true }
  const { stdout, stderr, code } = await runProgram(runner, [job], options)
  // It ends by itself: nothing is left open by any of them.
  assert.deepEqual([stderr, code], ['', 0], stdout)
  return stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Outcome)
}

let together: Promise<readonly Outcome[]> | undefined

for (const { page, snippets } of pages) {
  if (snippets.length === 0) continue
  describe(`the snippets of ${page}`, { concurrency: true }, () => {
    for (const snippet of snippets) {
      test(`line ${snippet.line}: ${snippet.title}`, async () => {
        if (isAlone(snippet)) return runAlone(snippet)
        together ??= runTogether()
        const outcome = (await together).find(({ file }) => file === snippet.file)
        assert.equal(outcome?.error, undefined)
        assert.equal(outcome?.stderr, '')
        assert.match(outcome?.stdout ?? '', new RegExp(snippet.expected.prints))
      })
    }
  })
}
