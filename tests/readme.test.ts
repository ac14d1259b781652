/** README.md and docs/errors.md hold: their tables are whole, its picture is what `npm start` prints. Its snippets: snippets.test.ts. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Client, q } from '../src/index.ts'
import { channelNames } from '../src/observe.ts'
import { metricUnits } from '../src/otel/metrics.ts'
import { spanNames } from '../src/otel/spans.ts'
import { drawStates } from '../scripts/states.ts'
import './support/leaks.ts'
import { listCodeBlocks, listFirstColumn } from './support/markdown.ts'
import { runProgram } from './support/program.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const readme = await readFile(join(root, 'README.md'), 'utf8')
const blocks = listCodeBlocks(readme)

describe('the tables of the README', () => {
  test('list every code of the errors, and no other', async () => {
    const source = await readFile(join(root, 'src/error-codes.ts'), 'utf8')
    const union = /type SdkErrorCode =\n((?: {2}\| '.+'\n)+)/.exec(source)?.[1] ?? ''
    const table = /const serverCodes = \[\n((?: {2}'.+',\n)+)\]/.exec(source)?.[1] ?? ''
    const quoted = (text: string) => [...text.matchAll(/'(.+)'/g)].map(([, code]) => code)
    assert.ok(quoted(union).length > 0 && quoted(table).length > 0)
    assert.deepEqual(listFirstColumn(readme, '<!-- codes: SdkErrorCode -->'), quoted(union))
    const errors = await readFile(join(root, 'docs/errors.md'), 'utf8')
    assert.deepEqual(listFirstColumn(errors, '<!-- codes: ServerErrorCode -->'), quoted(table))
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

test('the picture of the states is drawn from the table that streams move by', async () => {
  assert.equal(await readFile(join(root, 'docs/states.svg'), 'utf8'), drawStates(), 'run npm run states')
})

test('docs/watching.md lists every channel, and all that health() tells', async () => {
  const watching = await readFile(join(root, 'docs/watching.md'), 'utf8')
  assert.deepEqual(listFirstColumn(watching, '| channel |'), channelNames)
  await using client = new Client({ endpoint: 'http://localhost:8443', secret: 'secret' })
  const healths = [client.stream(q.Now()).health(), client.health()]
  const keys = healths.flatMap(health => Object.keys(health))
  const rows = watching.slice(watching.indexOf('\n| in `health()`')).split('\n\n')[0]!.split('\n').slice(3)
  const told = rows.flatMap(row => row.split('|')[1]!.match(/\w+/g) ?? [])
  assert.deepEqual(told.toSorted(), [...new Set(keys)].toSorted())
})

test('docs/watching.md lists every metric with its unit, and every span', async () => {
  const watching = await readFile(join(root, 'docs/watching.md'), 'utf8')
  const rows = watching.matchAll(/^\| `(\w+\.[\w.]+)` +\| `([\w{}]+)` +\|/gm)
  assert.deepEqual(
    [...rows].map(([, name, unit]) => [name, unit]),
    metricUnits,
  )
  assert.deepEqual(
    listFirstColumn(watching, '| metric |'),
    metricUnits.map(([name]) => name),
  )
  assert.deepEqual(listFirstColumn(watching, '| span |'), spanNames)
})
