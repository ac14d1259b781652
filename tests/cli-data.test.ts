/** `serve --data`, `--import` and `--export`: what a user wrote is there the next time, or is told plainly. */
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
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
})
