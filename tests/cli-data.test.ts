/** `serve --data`, `--import` and `--export`: what a user wrote is there the next time, or is told plainly. */
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { checkWritable } from '../src/cli/transfer.ts'
import { Client, q } from '../src/index.ts'
import { runProgram, startProgram, type Program } from './support/program.ts'

const main = 'src/cli/main.ts'
let root: string
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'serve-'))
})
after(() => rm(root, { recursive: true }))

/** A server of the command's, and a client of it. */
async function serve(t: TestContext, ...args: string[]): Promise<{ program: Program; client: Client }> {
  const program = startProgram(main, ['serve', '--port', '0', ...args])
  t.after(() => program.child.kill('SIGKILL'))
  const [, endpoint = ''] = await program.prints(/(http:\S+)[^]*stops it/)
  const client = new Client({ endpoint, secret: 'secret' })
  t.after(() => client.close())
  return { program, client }
}

describe('serve', { concurrency: true }, () => {
  test('--data keeps what was answered when the process is killed, and refuses a folder in use', async t => {
    const folder = join(root, 'new', 'folder')
    const first = await serve(t, '--data', folder)
    assert.match(first.program.printed(), new RegExp(`kept in ${folder}`))
    await first.client.query(q.CreateCollection({ name: 'orders' }))
    await first.client.query(q.Create(q.Ref(q.Collection('orders'), '1'), { data: { n: 1 } }))
    const refused = await runProgram(main, ['serve', '--port', '0', '--data', folder])
    assert.equal(refused.code, 1)
    assert.match(
      refused.stderr,
      new RegExp(`^fauna-streams: [^\\n]*${folder} is in use by the process \\d+[^\\n]*\\n$`),
    )
    first.program.child.kill('SIGKILL')
    await first.program.finished
    const second = await serve(t, '--data', folder)
    assert.equal(await second.client.query(q.Exists(q.Ref(q.Collection('orders'), '1'))), true)
  })

  test('a damaged log is told with its file and byte, in one line', async () => {
    const folder = await mkdtemp(join(root, 'damaged-'))
    await writeFile(join(folder, 'log'), `fauna-streams log 1\n${'x'.repeat(100)}`)
    const { code, stderr } = await runProgram(main, ['serve', '--port', '0', '--data', folder])
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`^fauna-streams: the log ${folder}/log is damaged at byte 20: [^\\n]*\\n$`))
  })

  test('--data needs a folder', async () => {
    assert.match((await runProgram(main, ['serve', '--data', ''])).stderr, /--data: give the path of a folder/)
    const file = join(root, 'file')
    await writeFile(file, '')
    const { code, stderr } = await runProgram(main, ['serve', '--port', '0', '--data', file])
    assert.equal(code, 1)
    assert.match(stderr, /--data: the folder [^\n]* cannot be made or used \(EEXIST\)/)
  })
  test('--import fills the server, and --export writes what it holds when it stops, as --import reads it', async t => {
    const [seed, file] = [join(root, 'seed.ndjson'), join(root, 'all.ndjson')]
    await writeFile(
      seed,
      '{"schema":"collections","fields":{"name":"orders"}}\n{"collection":"orders","id":"1","data":{"n":1}}\n',
    )
    const first = await serve(t, '--import', seed, '--export', file)
    await first.client.query(q.Update(q.Ref(q.Collection('orders'), '1'), { data: { n: 2 } }))
    first.program.child.kill('SIGTERM')
    assert.equal((await first.program.finished).code, 0)
    assert.match(await readFile(file, 'utf8'), /\{"collection":"orders","id":"1","ts":\d+,"data":\{"n":2\}\}\n/)
    const second = await serve(t, '--import', file, '--data', join(root, 'imported'))
    assert.equal(await second.client.query(q.Select(['data', 'n'], q.Get(q.Ref(q.Collection('orders'), '1')))), 2)
    second.program.child.kill('SIGKILL')
    await second.program.finished
    // What was imported is kept; a second time there is no room for it.
    const { code, stderr } = await runProgram(main, [
      'serve',
      '--port',
      '0',
      '--import',
      file,
      '--data',
      join(root, 'imported'),
    ])
    assert.equal(code, 1)
    assert.match(stderr, /^fauna-streams: --import: [^\n]*the server has data already[^\n]*\n$/)
  })

  test('--export to where nothing can be written is told when the server starts, and leaves what is there', async () => {
    assert.throws(() => checkWritable(join(root, 'no/such/folder')), /--export: \S+ cannot be written: ENOENT/)
    assert.throws(() => checkWritable(root), /cannot be written: it is a folder/)
    const file = join(root, 'before.ndjson')
    await writeFile(file, 'kept')
    checkWritable(file)
    assert.equal(await readFile(file, 'utf8'), 'kept')
    assert.equal((await readdir(root)).includes('before.ndjson.tmp'), false)
    const { code, stderr } = await runProgram(main, ['serve', '--port', '0', '--export', join(root, 'no/such/folder')])
    assert.deepEqual([code, stderr.startsWith('fauna-streams: --export: ')], [1, true])
  })

  test('a mistake in an imported file names its line', async () => {
    const seed = join(root, 'wrong.ndjson')
    await writeFile(seed, '{"schema":"collections","fields":{"name":"orders"}}\n{"collection":"order","data":{}}\n')
    const { code, stderr } = await runProgram(main, ['serve', '--port', '0', '--import', seed])
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^fauna-streams: --import: \S+: line 2: there is no collection "order"; nothing was imported\n$/,
    )
    const missing = await runProgram(main, ['serve', '--port', '0', '--import', join(root, 'missing')])
    assert.match(missing.stderr, /^fauna-streams: --import: \S+ cannot be read: ENOENT/)
  })
})
