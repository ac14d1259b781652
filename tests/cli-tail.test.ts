/** `fauna-streams tail` and `query` as a user meets them: in a pipe, on a terminal, where something goes wrong. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { toCommandError } from '../src/cli/connect.ts'
import { describeNotice, EventLines, type LineOptions, type TailEvent, toGapNotice } from '../src/cli/lines.ts'
import { type Output, write } from '../src/cli/output.ts'
import { findDenial } from '../src/cli/rights.ts'
import { type Followed, StatusLine } from '../src/cli/status-line.ts'
import { tell } from '../src/cli/tail.ts'
import { cutTo, toVisible, widthOf, wrapWords } from '../src/cli/terminal-text.ts'
import { Client, OptionError, q, Ref } from '../src/index.ts'
import { startLocal, type LocalServer } from '../src/local/index.ts'
import { ManualTime } from './support/clock.ts'
import './support/leaks.ts'
import { type Program, runProgram, startProgram, toCommand } from './support/program.ts'

const main = 'src/cli/main.ts'
const orders = q.Collection('orders')
const documents = 'Documents(Collection("orders"))'

let server: LocalServer
let client: Client
let where: readonly string[]

before(async () => {
  server = await startLocal()
  client = new Client({ endpoint: server.endpoint, secret: server.secret })
  where = ['--endpoint', server.endpoint, '--secret', server.secret]
  await client.query(q.CreateCollection({ name: 'orders' }))
  await client.query(q.Create(q.Ref(orders, '1'), { data: { state: 'waiting' } }))
})
after(async () => {
  await client.close()
  await server.close()
})

describe('query', { concurrency: true }, () => {
  test('prints the value as one would write it in JavaScript', async () => {
    const { code, stdout, stderr } = await runProgram(main, ['query', 'Get(Ref(Collection("orders"), "1"))', ...where])
    assert.equal(stderr, '')
    assert.match(stdout, /ref: Ref\(Collection\("orders"\), "1"\)[^]*data: \{ state: 'waiting' \}/)
    assert.equal(code, 0)
  })

  test('--json prints JSON of the wire on one line', async () => {
    const { stdout } = await runProgram(main, ['query', 'Ref(Collection("orders"), "1")', '--json', ...where])
    assert.match(stdout, /^\{"@ref":\{"id":"1","collection":\{"@ref":\{"id":"orders",[^\n]+\n$/)
  })

  test('takes JSON of the wire', async () => {
    const { stdout } = await runProgram(main, ['query', '{"add":[1,2]}', ...where])
    assert.equal(stdout, '3\n')
  })

  const mistakes: readonly (readonly [words: readonly string[], code: number, said: RegExp])[] = [
    [['query'], 2, /give an expression/],
    [['query', 'Now()', 'Now()'], 2, /give one expression/],
    [['query', 'Nowe()'], 2, /line 1, column 1: there is no function Nowe; did you mean Now\?\n {2}Nowe\(\)\n {2}\^/],
    [['query', 'Get(Ref(Collection("orders"), "2"))'], 5, /instance not found/],
    [['query', 'Now()', '--secret', 'wrong'], 4, /unauthorized/],
    [['query', 'Now()', '--endpoint', 'ftp://x'], 2, /--endpoint/],
    [['tail', documents, '--fields', 'acton'], 2, /--fields: "acton" is not a field/],
    [['quary', 'Now()'], 2, /there is no command "quary"; did you mean query\?/],
    [['tail', documents, '--feilds', 'x'], 2, /there is no option --feilds; did you mean --fields\?/],
    [['--hepl'], 2, /there is no option "--hepl" before a command; did you mean --help\?/],
    [
      ['tail', documents, '--checkpoint', '/no/such/folder/x'],
      2,
      /--checkpoint: the folder \/no\/such\/folder does not exist/,
    ],
    [['query', 'Abort("\u001b[2J\u009b")'], 5, /transaction aborted: \\u001b\[2J\\u009b/],
    [['tail', documents, '--since', 'yesterday'], 2, /--since: "yesterday" is no time/],
    [['tail', 'Documents(Collection("nothing"))'], 5, /invalid ref|undefined collection/i],
  ]
  for (const [words, code, said] of mistakes) {
    test(`${JSON.stringify(words.join(' '))} ends with exit code ${code} and says why`, async () => {
      const given = words.includes('--secret')
        ? ['--endpoint', server.endpoint]
        : words.includes('--endpoint')
          ? ['--secret', 's']
          : where
      const result = await runProgram(main, [...words, ...given])
      assert.match(result.stderr, said)
      assert.equal(result.stdout, '')
      assert.equal(result.code, code)
    })
  }

  test('a server that is not there ends a query with exit code 3', async () => {
    const result = await runProgram(main, ['query', 'Now()', '--endpoint', 'http://127.0.0.1:1', '--secret', 's'])
    assert.match(result.stderr, /^fauna-streams: /)
    assert.equal(result.code, 3)
  })

  test('a missing endpoint or secret is said, with what gives one', async () => {
    const noEndpoint = await runProgram(main, ['query', 'Now()', '--secret', 's'])
    assert.match(
      noEndpoint.stderr,
      /where is the server\? Give --endpoint .+ FAUNA_ENDPOINT; `fauna-streams serve` starts one/,
    )
    const noSecret = await runProgram(main, ['query', 'Now()', '--endpoint', server.endpoint])
    assert.match(noSecret.stderr, /asks for a secret: give --secret, or set FAUNA_SECRET/)
    const env = { FAUNA_ENDPOINT: 'ftp://x', FAUNA_SECRET: 's' }
    const wrong = await runProgram(main, ['query', 'Now()'], { env })
    assert.match(wrong.stderr, /^fauna-streams: FAUNA_ENDPOINT: ftp: is not spoken here/)
    assert.deepEqual([noEndpoint.code, noSecret.code, wrong.code], [2, 2, 2])
  })

  test('reads an expression from standard input at -', async () => {
    const program = startProgram(main, ['query', '-', ...where], { stdio: ['pipe', 'pipe', 'pipe'] })
    program.child.stdin!.end('Add(\n  1, 2)\n')
    assert.equal((await program.finished).stdout, '3\n')
  })

  test('--help lists the exit codes, and gives examples', async () => {
    const { stdout } = await runProgram(main, ['tail', '--help'])
    for (const code of ['0', '1', '2', '3', '4', '5']) assert.match(stdout, new RegExp(`^ {2}${code} {3}\\S`, 'm'))
    assert.match(stdout, /^Examples:\n {2}fauna-streams tail 'Documents/m)
    const { stdout: same } = await runProgram(main, ['help', 'tail'])
    assert.equal(same, stdout)
  })
})

describe('tail in a pipe', () => {
  test('prints one event a line as JSON, and ends with code 0 at Ctrl+C', async () => {
    const program = startProgram(main, ['tail', documents, ...where])
    await program.prints(/"type":"start"/)
    await client.query(q.Create(q.Ref(orders, '2'), { data: { state: 'new' } }))
    await program.prints(/"action":"add"/)
    program.child.kill('SIGINT')
    const { code, stdout } = await program.finished
    const events = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as { type: string })
    assert.deepEqual(
      events.map(({ type }) => type),
      ['start', 'set'],
    )
    assert.equal(code, 0)
  })

  const inShell = (rest: string, words: readonly string[] = ['tail', documents, ...where]) => {
    const program = [...toCommand(main), ...words]
    const shell = spawn('bash', ['-c', `set -o pipefail; ${program.map(word => `'${word}'`).join(' ')} ${rest}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return new Promise(resolve => shell.once('close', resolve))
  }

  test('ends with code 0 when nobody reads any more, while events come', { timeout: 60_000 }, async () => {
    const stop = new AbortController()
    const writing = (async () => {
      for (let i = 1_000; !stop.signal.aborted; i++)
        await client.query(q.Create(q.Ref(orders, String(i)), { data: {} }))
    })()
    const code = await inShell('| head -3')
    stop.abort()
    await writing
    assert.equal(code, 0)
  })

  // Elsewhere a program learns only at its next write that nobody reads its pipe.
  const skip = process.platform !== 'linux'
  test('ends with code 0 when nobody reads any more, though nothing comes', { timeout: 60_000, skip }, async () => {
    assert.equal(await inShell('| head -1'), 0)
  })

  test(
    'ends with code 0 when nobody reads what it says of a server that is not there',
    { timeout: 60_000 },
    async () => {
      const words = ['tail', documents, '--endpoint', 'http://127.0.0.1:1', '--secret', 's']
      assert.equal(await inShell('2>&1 | true', words), 0)
    },
  )

  test('query ends with code 0 when nobody reads its value', async () => {
    const program = startProgram(main, ['query', 'Now()', ...where])
    program.child.stdout!.destroy()
    const { code, stderr } = await program.finished
    assert.deepEqual([code, stderr], [0, ''])
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(
      `ends with code 0 at ${signal} while its reader stands still, and tells the event again`,
      { timeout: 60_000 },
      async t => {
        const folder = await mkdtemp(join(tmpdir(), 'fauna-streams-tail-'))
        const words = ['tail', 'Ref(Collection("orders"), "1")', '--checkpoint', join(folder, 'place'), ...where]
        const programs: Program[] = []
        // The folder goes last: until its program has ended, a checkpoint may still be on its way there.
        t.after(async () => {
          for (const { child } of programs) child.kill('SIGKILL')
          await Promise.all(programs.map(({ finished }) => finished))
          await rm(folder, { recursive: true })
        })
        const start = () => {
          const started = startProgram(main, words)
          programs.push(started)
          return started
        }
        const program = start()
        await program.prints(/"type":"start"/)
        // Longer than what a pipe holds: the rest of it waits in the program for a reader who does not come.
        await client.query(q.Update(q.Ref(orders, '1'), { data: { long: signal + 'x'.repeat(1_000_000) } }))
        await program.prints(/"type":"version"/)
        program.child.stdout!.pause()
        program.child.kill(signal)
        const code = await new Promise(resolve => program.child.once('exit', resolve))
        program.child.stdout!.resume()
        assert.doesNotMatch((await program.finished).stdout, /"type":"version"[^\n]*\n/)
        const second = start()
        await second.prints(new RegExp(`"type":"version"[^\\n]*${signal}[^\\n]*\\n`))
        assert.equal(code, 0)
      },
    )
  }

  test('--checkpoint goes on where it was stopped; --snapshot tells the state first', { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fauna-streams-tail-'))
    const words = ['tail', 'Ref(Collection("orders"), "1")', '--checkpoint', join(folder, 'place'), ...where]
    try {
      const first = startProgram(main, words)
      await first.prints(/"type":"start"/)
      await client.query(q.Update(q.Ref(orders, '1'), { data: { n: 1 } }))
      await first.prints(/"n":1/)
      first.child.kill('SIGTERM')
      assert.equal((await first.finished).code, 0)
      await client.query(q.Update(q.Ref(orders, '1'), { data: { n: 2 } }))
      const second = startProgram(main, words)
      await second.prints(/"n":2/)
      second.child.kill('SIGTERM')
      assert.match((await second.finished).stdout, /"n":2/)
      const third = startProgram(main, ['tail', 'Ref(Collection("orders"), "1")', '--snapshot', ...where])
      await third.prints(/"type":"snapshot"/)
      third.child.kill('SIGTERM')
      assert.equal((await third.finished).code, 0)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

test('an output that the system cannot take is an error in a sentence; one that nobody reads is an end', async () => {
  const failWith = (code: string) => {
    const output = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error(`${code}: no`), { code })),
    })
    return write(output.on('error', () => undefined) as unknown as Output, 'line\n')
  }
  await assert.rejects(failWith('ENOSPC'), {
    name: 'CommandError',
    message: 'the output cannot be written: ENOSPC: no',
  })
  assert.equal(await failWith('EPIPE'), false)
})

test('an option of the package is said by the name that it has on the command line', () => {
  const toText = (option: string) => (toCommandError(new OptionError(option, 'no')) as Error).message
  assert.deepEqual(['since', 'path', 'fields[1]', 'expr'].map(toText), [
    '--since: no',
    '--checkpoint: no',
    '--fields: no',
    'expr: no',
  ])
})

describe('a key that may not read what it follows', () => {
  const index = q.Index('by_state')
  const document = q.Ref(orders, '1')
  const match = q.Match(index, 'waiting')
  let keys: readonly Client[] = []

  before(async () => {
    // Of a collection of its own: one over many documents is not active at once.
    await client.query(q.CreateCollection({ name: 'few' }))
    const terms = [{ field: ['data', 'state'] }]
    await client.query(q.CreateIndex({ name: 'by_state', source: q.Collection('few'), terms }))
    const read = { actions: { read: true } }
    const privileges = [
      { resource: orders, ...read },
      { resource: index, ...read },
    ]
    const roles = Object.entries({ none: [], reader: privileges })
    const secrets = roles.map(async ([name, its]) => {
      await client.query(q.CreateRole({ name, privileges: its }))
      return (await client.query(q.CreateKey({ role: q.Role(name) }))) as { secret: string }
    })
    keys = (await Promise.all(secrets)).map(({ secret }) => new Client({ endpoint: server.endpoint, secret }))
  })
  after(() => Promise.all(keys.map(key => key.close())))

  test('is known by a query: of a document, a collection, and an index', async () => {
    const [none, reader] = keys as [Client, Client]
    const known = (await client.query(q.Select('ref', q.Get(document)))) as Ref
    const expressions = [q.Documents(orders), document, q.Ref(orders, '404'), known, match]
    const denials = await Promise.all(expressions.map(expr => findDenial(none, expr)))
    assert.match(denials[0]!, /no right to read the documents of this collection, or only to read some/)
    for (const denial of denials.slice(1, 4)) assert.match(denial!, /may not read this document/)
    assert.match(denials[4]!, /may not read this index/)
    for (const expr of expressions) assert.equal(await findDenial(reader, expr), undefined)
    for (const expr of expressions) assert.equal(await findDenial(client, expr), undefined)
  })

  test('is nothing to speak of where the answers do not tell', async () => {
    for (const expr of [q.Let({ x: 1 }, document), 'text', null, q.Documents(q.Collection('nothing'))]) {
      assert.equal(await findDenial(keys[0]!, expr), undefined)
    }
  })

  test('is said once the stream is open, which would be silent for ever', { timeout: 10_000 }, async () => {
    const stop = new AbortController()
    let told = ''
    const toOutput = (write: (text: string) => void) =>
      ({
        write: (text: string, done?: () => void) => (write(text), done?.()),
        once() {},
        on() {},
        off() {},
      }) as unknown as Output
    const stderr = toOutput(text => {
      told += text
      stop.abort()
    })
    const output = { stdout: toOutput(() => undefined), stderr, isPretty: false, time: new ManualTime(noon), title: '' }
    await tell(keys[0]!, q.Documents(orders), ['action'], { signal: stop.signal }, output)
    assert.match(told, /^! warning: the key has no right to read the documents/)
  })
})

/** Noon of a day, wherever the test runs: times are told as of the machine's place. */
const noon = new Date(2026, 10, 24, 12, 0, 53, 453).getTime()
const txn = noon * 1000

describe('a line of a terminal', () => {
  const ref = new Ref('101', new Ref('orders', Ref.native('collections')))
  const change = (action: string, more: object = {}): TailEvent =>
    ({
      type: 'version',
      txn,
      event: { action, document: { ref, ts: txn, data: { name: 'Ada', n: 1 } }, ...more },
    }) as unknown as TailEvent
  const changed = (data: object | undefined, more: object = {}) => change('update', { diff: { ref, data }, ...more })
  const plain: LineOptions = { columns: 80, colors: false, now: noon }
  const describeEvent = (event: TailEvent, options: Partial<LineOptions> = {}) =>
    new EventLines().describe(event, { ...plain, ...options })

  test('tells time, action, document and what it holds', () => {
    assert.equal(describeEvent(change('create')), '12:00:53.453  + create  orders/101  { name: "Ada", n: 1 }')
    assert.equal(describeEvent(change('delete')), '12:00:53.453  − delete  orders/101  was { name: "Ada", n: 1 }')
  })

  test('tells what changed where that was asked for, and from what where prev was', () => {
    const patch = { n: 2, name: null, place: { table: 4 }, 'a key': [1, { b: true }] }
    assert.equal(
      describeEvent(changed(patch)),
      '12:00:53.453  ~ update  orders/101  n: 2, name removed, place.table: 4, "a key": [1, { b…'.slice(0, 79) + '…',
    )
    const prev = { ref, ts: 1, data: { n: 1, name: 'Ada', place: { table: 3, room: 1 } } }
    assert.equal(
      describeEvent(changed({ n: 2, name: null, place: { table: 4 } }, { prev }), { columns: 100 }),
      '12:00:53.453  ~ update  orders/101  n: 1 → 2, name removed (was "Ada"), place.table: 3 → 4',
    )
    assert.match(describeEvent(changed(undefined)), /nothing changed$/)
    const long = { ref, ts: 1, data: { gone: 'x'.repeat(100) } }
    assert.match(describeEvent(changed({ gone: null, n: 2 }, { prev: long })), /gone removed, n: 2$/)
  })

  test('cuts a long value, so that what else changed is seen', () => {
    const line = describeEvent(changed({ text: 'long '.repeat(1_000), n: 2 }))
    assert.match(line, /text: "long [^,]+…, n: 2$/)
    assert.equal(widthOf(line), 80)
  })

  test('tells a past that was rewritten, what history told, a state, and an event of another version', () => {
    const rewrite = { ...change('create'), type: 'history_rewrite' } as TailEvent
    assert.match(
      describeEvent(rewrite, { columns: 120 }),
      /· rewrite orders\/101  the past: create at 2026-11-24 12:00:53\.453: \{ name/,
    )
    assert.match(describeEvent({ ...change('add'), recovered: true } as TailEvent), / ↺ \{ name/)
    const snapshot = { type: 'snapshot', txn, event: { document: null } } as unknown as TailEvent
    assert.match(describeEvent(snapshot), /= is {6}no document$/)
    const entry = {
      type: 'set',
      txn,
      event: { action: 'add', document: { ref, ts: txn }, index: { terms: [], values: [3, 'x'] } },
    }
    assert.match(describeEvent(entry as TailEvent), /\+ add {5}orders\/101  \[3, "x"\]$/)
    assert.match(
      describeEvent({ type: 'unknown', raw: { type: 'new', txn: 7 } }),
      /\? unknown \{ type: "new", txn: 7 \}$/,
    )
  })

  test('keeps the columns of the lines before, and says when the day changes', () => {
    const lines = new EventLines()
    const far = new Ref('999999999999999999', ref.collection)
    lines.describe(change('create', { document: { ref: far, ts: txn } }), plain)
    assert.match(lines.describe(change('create'), plain), /orders\/101 {17}\{ name/)
    const later = { ...change('create'), txn: txn + 86_400_000_000 } as TailEvent
    assert.match(lines.describe(later, plain), /^── 2026-11-25 ──\n12:00:53\.453/)
  })

  test('tells a hole and a reset in sentences, on as many lines as they need', () => {
    const gap: TailEvent = { type: 'gap', after: txn, until: txn + 1_000_000, reason: 'retention' }
    assert.deepEqual(describeEvent(gap).split('\n'), [
      '12:00:54.453  ! gap     changes between 12:00:53.453 and 12:00:54.453 may be',
      '                        missing, and cannot be had: history does not reach back',
      '                        so far',
    ])
    const yesterday = toGapNotice({ ...gap, after: txn - 86_400_000_000 }, noon)
    assert.match(yesterday.text, /^changes between 2026-11-23 12:00:53\.453 and 12:00:54\.453 may/)
    for (const columns of [1, 10, 30, 50]) {
      const lines: string[] = describeNotice(toGapNotice(gap, noon), { ...plain, columns }).split('\n')
      for (const line of lines) assert.ok(widthOf(line) <= Math.max(columns, 3), `${columns}: ${line}`)
      if (columns >= 30)
        assert.match(lines.join(' ').replaceAll(/\s+/g, ' '), /had: history does not reach back so far$/)
    }
    const reset: TailEvent = { type: 'reset', txn, reason: 'recreated' }
    assert.match(
      describeEvent(reset, { columns: 140 }),
      /! reset   forget what was told: the collection or index was deleted/,
    )
  })

  test('is never wider than the terminal, and nothing in a document steers it', () => {
    const steering = '\u001b[2J\u0007\r\n\u009b31m\u202eabc\u2028\u{e0041}'
    const texts = [
      steering + 'x'.repeat(500),
      '注文は準備中です。'.repeat(40),
      '👩‍👩‍👧‍👦🇯🇵👍🏽'.repeat(40),
      'e\u0301'.repeat(300),
    ]
    const name = new Ref(`\u001b]0;x\u0007${'9'.repeat(40)}`, ref.collection)
    for (const text of texts) {
      for (const columns of [1, 8, 20, 40, 50, 80, 200]) {
        const wild = { ref: name, ts: txn, data: { [text]: text, deep: [{ text }] } }
        for (const event of [
          change('create', { document: wild }),
          change('update', { document: wild, diff: wild, prev: wild }),
        ]) {
          const line = describeEvent(event, { columns })
          assert.ok(widthOf(line) <= columns, `${columns}: ${line}`)
          assert.doesNotMatch(line, /[\p{Cc}\u202e\u2028\u{e0041}]/u)
        }
      }
    }
  })

  test('has colours only where they are wanted', () => {
    assert.ok(describeEvent(change('create'), { colors: true }).includes('\u001b['))
    assert.ok(!describeEvent(change('create')).includes('\u001b'))
  })
})

describe('text of a terminal', () => {
  test('has a width: two columns for CJK and emoji, none for what joins or marks', () => {
    assert.deepEqual(['abc', '注文', 'é', 'e\u0301', '☕', 'ｆ', '한글'].map(widthOf), [3, 4, 1, 1, 2, 2, 4])
  })

  test('is cut between what people see as characters', () => {
    assert.equal(cutTo('注文中', 5), '注文')
    assert.equal(cutTo('e\u0301e\u0301', 1), 'e\u0301')
    assert.equal(cutTo('a👩‍👩‍👧b', 6), 'a')
    assert.equal(cutTo('abc', 0), '')
  })

  test('shows what would steer a terminal as escapes, and leaves emoji whole', () => {
    assert.equal(toVisible('a\u001b[31m\n\t\u009b\u202e\u{e0041}'), 'a\\u001b[31m\\n\\t\\u009b\\u202e\\udb40\\udc41')
    assert.equal(toVisible('👩‍👩‍👧'), '👩‍👩‍👧')
  })

  test('goes on in the next line between words; a word that is too long is broken', () => {
    assert.deepEqual(wrapWords('one two three', 7), ['one two', 'three'])
    assert.deepEqual(wrapWords('abcdefgh ij', 3), ['abc', 'def', 'gh', 'ij'])
    assert.deepEqual(wrapWords('注文', 1), ['注', '文'])
    assert.deepEqual(wrapWords('', 5), [''])
  })
})

describe('the status line', () => {
  /** What a terminal shows of what was written: carriage returns, and clearing downwards. */
  const show = (written: string) => written.split('\n').map(line => line.split('\r\u001b[J').at(-1)!)

  function watch(isTTY: boolean, columns = 80) {
    let written = ''
    const time = new ManualTime(noon)
    const listeners = new Map<string, ((value: never) => void)[]>()
    const output = { isTTY, columns, getColorDepth: () => 1, write: (text: string) => void (written += text) }
    const stream = {
      state: 'connecting',
      on(signal: string, listener: (value: never) => void) {
        listeners.set(signal, [...(listeners.get(signal) ?? []), listener])
        return this
      },
    }
    const status = new StatusLine(stream as unknown as Followed, {
      output: output as unknown as Output,
      time,
      isDrawn: isTTY,
      hasGapLines: isTTY,
      title: 'Following it',
    })
    const tell = (signal: string, value: unknown) => {
      if (signal === 'state') stream.state = value as string
      for (const listener of listeners.get(signal)!) listener(value as never)
    }
    const lose = (message: string) => tell('lost', { error: new Error(message) })
    return { status, time, output, tell, lose, shown: () => show(written), printed: () => written }
  }

  test('tells state, events, rate, lag and reconnects, and takes itself away', () => {
    const { status, time, tell, lose, shown, printed } = watch(true)
    tell('state', 'open')
    for (let i = 0; i < 3; i++) status.count({ type: 'start', txn: (noon - 26) * 1000, event: 1 })
    for (let i = 0; i < 1_200; i++) status.count({ type: 'snapshot', txn: (noon - 26) * 1000 } as TailEvent)
    time.pass(1_000)
    assert.deepEqual(shown(), ['Following it', '● open · 1,200 events · 1200/s · lag 26 ms'])
    lose('POST /stream at http://x: cut off')
    tell('state', 'connecting')
    tell('retry', { attempt: 2, delayMs: 3_000 })
    time.pass(1_000)
    assert.deepEqual(shown().slice(1), ['12:00:54.453  ! lost    cut off', '○ attempt 2 in 2.0 s · 1,200 events'])
    lose('not there')
    lose('not there')
    tell('state', 'open')
    time.pass(1_000)
    assert.deepEqual(shown().slice(2), [
      '12:00:55.453  ! failed  not there',
      '12:00:55.453  ! back    connected again after 1.0 s',
      '● open · 1,200 events · 0/s · lag 26 ms · 1 reconnect',
    ])
    status[Symbol.dispose]()
    assert.deepEqual(shown().slice(4), ['1,200 events in 3.0 s · 1 reconnect', ''])
    assert.equal(time.pending, 0)
    assert.ok(!printed().replaceAll('\u001b[J', '').includes('\u001b'), 'no colours, no moves')
  })

  test('leaves out what has no room, and goes up where the terminal was made narrower', () => {
    const { tell, time, output, status, shown, printed } = watch(true, 30)
    tell('state', 'open')
    status.count({ type: 'snapshot', txn: noon * 1000 } as TailEvent)
    time.pass(1_000)
    assert.equal(shown().at(-1), '● open · 1 event · 1/s')
    output.columns = 10
    status.clear()
    assert.ok(printed().endsWith('\u001b[2A\r\u001b[J'))
  })

  test('tells losses in a pipe too, each on a line, and nothing else', () => {
    const { status, tell, lose, printed } = watch(false)
    tell('state', 'open')
    status.count({ type: 'unknown' })
    status.draw()
    lose('cut \u001b[2J off')
    tell('retry', { attempt: 2, delayMs: 1_500 })
    tell('recovered', { events: 3 })
    tell('recovered', { events: 0 })
    tell('gap', { after: txn, until: txn + 1_000, reason: 'live' })
    tell('warning', { message: 'mind this' })
    tell('state', 'open')
    status[Symbol.dispose]()
    assert.deepEqual(printed().split('\n'), [
      '! lost: cut \\u001b[2J off',
      '! retry: trying again in 1.5 s (attempt 2)',
      '! missed: 3 events were missed, and read back: those with "recovered":true',
      '! gap: changes between 12:00:53.453 and 12:00:53.454 may be missing, and cannot be had: nothing was read back',
      '! warning: mind this',
      '! back: connected again after 0 ms',
      '',
    ])
  })
})
