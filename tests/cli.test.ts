/** The command `fauna-streams` as a user meets it: help, serving, stopping, and one clear error for each mistake. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { Client, q } from '../src/index.ts'
import './support/leaks.ts'
import { runProgram, startProgram, type Program } from './support/program.ts'

const main = 'src/cli/main.ts'
const run = (...args: string[]) => runProgram(main, args)

/** A server of the command's, and the lines that it gives to be copied. */
async function serve(t: TestContext, ...args: string[]): Promise<{ program: Program; env: Record<string, string> }> {
  const program = startProgram(main, ['serve', '--port', '0', ...args])
  t.after(() => program.child.kill('SIGKILL'))
  await program.prints(/stops it/)
  const lines = [...program.printed().matchAll(/export (\w+)='?([^'\n]+)'?/g)]
  return { program, env: Object.fromEntries(lines.map(([, name, value]) => [name, value])) }
}

describe('fauna-streams', { concurrency: true }, () => {
  test('--help names the commands, and --help after a command its options with their defaults', async () => {
    const [program, command] = await Promise.all([run('--help'), run('serve', '--help')])
    assert.equal(program.code, 0)
    assert.match(program.stdout, /^Usage: fauna-streams <command>[^]*serve {3}start the embedded FQL v4 server/)
    assert.equal(command.code, 0)
    for (const part of ['127.0.0.1', '8443', '--secret <text>', '--no-quirks']) assert.ok(command.stdout.includes(part))
    assert.equal(program.stderr + command.stderr, '')
  })

  test('--version is the version of the package', async () => {
    const { code, stdout } = await run('--version')
    const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    assert.equal(stdout, `${version}\n`)
    assert.equal(code, 0)
  })

  const mistakes: readonly (readonly [words: readonly string[], named: RegExp])[] = [
    [[], /name a command: serve/],
    [['sreve'], /there is no command "sreve"; did you mean serve\?/],
    [['constructor'], /there is no command "constructor"/],
    [['--prot'], /there is no option "--prot"/],
    [['serve', '--prot', '1'], /there is no option --prot; did you mean --port\?/],
    [['serve', 'here'], /Unexpected argument 'here'/],
    [['serve', '--port'], /--port.* argument missing/],
    [['serve', '--port', '65536'], /--port: "65536" is no port; give a number from 0 to 65535/],
    [['serve', '--port', '1e3'], /--port: "1e3" is no port/],
    [['serve', '--host', ''], /--host: give an address/],
    [['serve', '--secret', 'a:b'], /--secret: give visible ASCII/],
    [['serve', '--no-quirks=no'], /--no-quirks' does not take an argument/],
  ]
  for (const [words, named] of mistakes) {
    test(`${JSON.stringify(words.join(' '))} is one error on stderr, exit code 2`, async () => {
      const { code, stdout, stderr } = await run(...words)
      assert.match(stderr, /^fauna-streams: [^\n]+\n$/)
      assert.match(stderr, named)
      assert.equal(stdout, '')
      assert.equal(code, 2)
    })
  }

  test('a port in use is one error that says what to do, exit code 1', async t => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const { code, stdout, stderr } = await run('serve', '--port', String(port))
    assert.equal(
      stderr,
      `fauna-streams: port ${port} of 127.0.0.1 is in use; choose another port with --port, or --port 0 for any free one\n`,
    )
    assert.equal(stdout, '')
    assert.equal(code, 1)
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`serve answers with the endpoint and secret that it prints, and ${signal} stops it with exit code 0`, async t => {
      const { program, env } = await serve(t, '--secret', "it's")
      const client = new Client({ endpoint: env['FAUNA_ENDPOINT'] ?? '', secret: "it's" })
      t.after(() => client.close())
      assert.equal(await client.query(q.Add(1, 2)), 3)
      assert.match(program.printed(), /FAUNA_SECRET='it'\\''s'/)
      program.child.kill(signal)
      const { code, signal: killedBy, stderr } = await program.finished
      assert.deepEqual({ code, killedBy, stderr }, { code: 0, killedBy: null, stderr: '' })
    })
  }

  test('serve stops while a stream is open', async t => {
    const { program, env } = await serve(t)
    const client = new Client({ endpoint: env['FAUNA_ENDPOINT'] ?? '', secret: env['FAUNA_SECRET'] ?? '' })
    t.after(() => client.close())
    await client.query(q.CreateCollection({ name: 'orders' }))
    const stream = client.stream(q.Documents(q.Collection('orders')), undefined, { resume: false })
    const loop = stream[Symbol.asyncIterator]()
    await loop.next()
    program.child.kill('SIGTERM')
    await assert.rejects(loop.next(), { name: 'TransportError' })
    assert.equal((await program.finished).code, 0)
  })

  for (const [words, told] of [
    [[], 'the faults of the real server'],
    [['--no-quirks'], 'none of the faults'],
  ] as const) {
    test(`serve ${words.join(' ')} repeats ${told}`, async t => {
      const { env } = await serve(t, ...words)
      const client = new Client({ endpoint: env['FAUNA_ENDPOINT'] ?? '', secret: env['FAUNA_SECRET'] ?? '' })
      t.after(() => client.close())
      await client.query(q.CreateCollection({ name: 'orders' }))
      const ref = q.Ref(q.Collection('orders'), '1')
      const loop = client.stream(ref, undefined, { resume: false })[Symbol.asyncIterator]()
      await loop.next()
      await client.query(q.Create(ref, { data: { photo: new Uint8Array([1]) } }))
      // Bytes end a document stream of the real server (protocol.md B.7).
      if (words.length === 0) await assert.rejects(loop.next(), { name: 'StreamError' })
      else assert.equal((await loop.next()).value?.type, 'version')
    })
  }
})
