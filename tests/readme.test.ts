/** README.md holds: its snippets run, its tables are whole, its picture is what `npm start` prints. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client, q } from '../src/index.ts'
import { startLocal, type LocalServer } from '../src/local/index.ts'
import './support/leaks.ts'
import { type CodeBlock, listCodeBlocks, listFirstColumn } from './support/markdown.ts'
import { type Program, runProgram, startProgram } from './support/program.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const readme = await readFile(join(root, 'README.md'), 'utf8')
const blocks = listCodeBlocks(readme)
const snippets = blocks.filter(({ language, comment }) => language === 'ts' && comment !== 'prelude')
const prelude = blocks.find(({ comment }) => comment === 'prelude')?.text ?? ''

/** What the comment before a snippet says of it. */
type Expected = {
  /** A regular expression for all that it prints. */
  readonly prints: string
  /** It goes on for ever: it is stopped when it has printed this. */
  readonly endless?: boolean
  /** Its stream is ended by the server once, when it has printed something; nothing is written before. */
  readonly lostOnce?: boolean
}

function readExpected({ comment, line }: CodeBlock): Expected {
  assert.match(comment, /^test: /, `the snippet at line ${line} has no comment that says what it prints`)
  return JSON.parse(comment.slice('test: '.length)) as Expected
}

/** The program that a snippet is: after the lines that the README says it begins with, unless it makes its own client. */
function toProgram({ text }: CodeBlock, endpoint: string): string {
  if (/^const client = /m.test(text)) return text.replace('http://localhost:8443', endpoint)
  return `${prelude}\n${text}\nawait client.close()\n`
}

/** How long the writer rests between two rounds, in milliseconds: snippets see events, and do not drown in them. */
const restMs = 20
const orders = q.Collection('orders')

async function prepare(client: Client): Promise<void> {
  await client.query(q.CreateCollection({ name: 'orders' }))
  const terms = [{ field: ['data', 'state'] }]
  await client.query(q.CreateIndex({ name: 'orders_by_state', source: orders, terms }))
  await client.query(q.Create(q.Ref(orders, '1'), { data: { state: 'waiting' } }))
}

/** What the snippets follow: order 1 changes its state, others come and go, until the signal says enough. */
async function writeUntil(client: Client, signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round++) {
    await client.query(q.Update(q.Ref(orders, '1'), { data: { state: round % 2 === 0 ? 'ready' : 'waiting' } }))
    const id = String(1000 + round)
    await client.query(q.Create(q.Ref(orders, id), { data: { state: 'waiting' } }))
    await client.query(q.Delete(q.Ref(orders, id)))
    await setTimeout(restMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Runs beside a snippet what it expects of the world. */
async function accompany(program: Program, server: LocalServer, expected: Expected): Promise<void> {
  await using client = new Client({ endpoint: server.endpoint, secret: server.secret })
  if (expected.lostOnce) {
    await program.prints(/./)
    server.endStreams()
    // It has opened its second stream when it prints for the second time.
    await program.prints(/^state [^]+\nstate /)
  }
  const enough = new AbortController()
  const stop = () => enough.abort()
  const writing = writeUntil(client, enough.signal)
  if (expected.endless) {
    await program.prints(new RegExp(expected.prints)).finally(() => program.child.kill('SIGTERM'))
  }
  await program.finished.finally(stop)
  await writing
}

describe('the snippets of the README', { concurrency: 2 }, () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'readme-'))
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    const paths = {
      'fauna-streams': [join(root, 'src/index.ts')],
      'fauna-streams/local': [join(root, 'src/local/index.ts')],
      'fauna-streams/testing': [join(root, 'src/testing/index.ts')],
      'fauna-streams/stores': [join(root, 'src/stores/index.ts')],
    }
    // Of the compiler's types, those of Node are found beside the project's own packages.
    const compilerOptions = { paths, noUnusedLocals: false, typeRoots: [join(root, 'node_modules/@types')] }
    const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['*.mts'] }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const files = snippets.map(snippet => writeFile(toFile(snippet), toProgram(snippet, 'http://localhost:8443')))
    await Promise.all(files)
  })
  after(() => rm(folder, { recursive: true }))

  const toFile = ({ line }: CodeBlock) => join(folder, `line-${line}.mts`)

  test('compile, each with the lines that it says it begins with', async () => {
    const { code, stdout } = await runProgram(join(root, 'node_modules/typescript/bin/tsc'), ['-p', folder])
    assert.equal(stdout, '')
    assert.equal(code, 0)
  })

  for (const snippet of snippets) {
    test(`line ${snippet.line}: ${snippet.text
      .split('\n')
      .find(line => /for await|await/.test(line))
      ?.trim()}`, async () => {
      const expected = readExpected(snippet)
      await using server = await startLocal()
      await using client = new Client({ endpoint: server.endpoint, secret: server.secret })
      await prepare(client)
      const file = toFile(snippet)
      await writeFile(file, toProgram(snippet, server.endpoint))
      const env = {
        FAUNA_ENDPOINT: server.endpoint,
        FAUNA_SECRET: server.secret,
        TSX_TSCONFIG_PATH: join(folder, 'tsconfig.json'),
      }
      const program = startProgram(file, [], { env, cwd: folder })
      try {
        await accompany(program, server, expected)
      } finally {
        program.child.kill('SIGKILL')
      }
      const { code, signal, stdout, stderr } = await program.finished
      assert.equal(stderr, '')
      assert.match(stdout, new RegExp(expected.prints))
      assert.deepEqual([code, signal], expected.endless ? [null, 'SIGTERM'] : [0, null])
    })
  }
})

describe('the tables of the README', () => {
  test('list every code of the errors, and no other', async () => {
    const source = await readFile(join(root, 'src/errors.ts'), 'utf8')
    const union = /type SdkErrorCode =\n((?: {2}\| '.+'\n)+)/.exec(source)?.[1] ?? ''
    const table = /const serverCodes = \[\n((?: {2}'.+',\n)+)\]/.exec(source)?.[1] ?? ''
    const quoted = (text: string) => [...text.matchAll(/'(.+)'/g)].map(([, code]) => code)
    assert.ok(quoted(union).length > 0 && quoted(table).length > 0)
    assert.deepEqual(listFirstColumn(readme, '<!-- codes: SdkErrorCode -->'), quoted(union))
    assert.deepEqual(listFirstColumn(readme, '<!-- codes: ServerErrorCode -->'), quoted(table))
  })

  /** The names of the options that there are, as the error for a wrong one lists them. */
  const namesIn = (make: () => unknown): string[] => {
    try {
      make()
    } catch (error) {
      return (/the options are (.+)$/.exec((error as Error).message)?.[1] ?? '').split(', ')
    }
    return []
  }

  test('list every option, and no other', async () => {
    const wrong = { nosuch: 1 } as object
    const settings = { endpoint: 'http://localhost:8443', secret: 'secret' }
    await using client = new Client(settings)
    const tables = [
      ['| `new Client({…})`', namesIn(() => new Client({ ...settings, ...wrong }))],
      ['| `client.stream(expr, fields, {…})`', namesIn(() => client.stream('x', undefined, wrong))],
    ] as const
    for (const [heading, names] of tables) {
      assert.ok(names.length > 1)
      assert.deepEqual(listFirstColumn(readme, heading).sort(), names.sort())
    }
    const source = await readFile(join(root, 'src/local/server.ts'), 'utf8')
    const localOptions = /type LocalOptions = \{\n([^]*?)\n\}/.exec(source)?.[1] ?? ''
    const names = [...localOptions.matchAll(/readonly (\w+)\?:/g)].map(([, name]) => name)
    assert.deepEqual(listFirstColumn(readme, '| `startLocal({…})`'), names)
  })
})

test('the picture in the README is what npm start prints, parts left out where it says …', async () => {
  const picture = blocks.find(({ comment }) => comment === 'npm start')?.text ?? ''
  const { stdout } = await runProgram('examples/start.ts')
  // Times, ports and durations differ from run to run; the order of events from several streams may.
  const toLines = (text: string) => text.replace(/\d{16}|:\d+|\d+\.\d s/g, '#').split('\n')
  const printed = new Set(toLines(stdout))
  const missing = toLines(picture).filter(line => line !== '…' && !printed.has(line))
  assert.deepEqual(missing, [])
  assert.ok(picture.length > 500)
})
