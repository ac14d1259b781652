// The rooms of src/ and the arrows between them: imports point down, never up, and no loop of imports exists. A new room
// is a row in the table below; `mayImport` and `outside` hold what a room's job needs and nothing more.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkImports, checkRooms, listImports } from './support/imports.ts'
import type { Rooms, Sources } from './support/imports.ts'
import './support/leaks.ts'

const rooms: Rooms = {
  'errors.ts': { rank: 0, mayImport: ['error-codes.ts', 'server-advice.ts'] },
  'error-codes.ts': { rank: 0, mayImport: [] },
  'server-advice.ts': { rank: 0, mayImport: [] },
  'signals.ts': { rank: 0, mayImport: ['errors.ts'] },
  // What is counted of streams and clients.
  'health.ts': { rank: 0, mayImport: ['signals.ts'] },
  'observe.ts': { rank: 0, mayImport: ['errors.ts', 'health.ts', 'signals.ts'], outside: ['node:diagnostics_channel'] },
  'time.ts': { rank: 0, mayImport: [] },
  // The word that was probably meant, for who mistyped a function, a command or an option.
  'spelling.ts': { rank: 0, mayImport: [] },
  // Waiting that an AbortSignal can end, with one listener a signal.
  'abort.ts': { rank: 0, mayImport: ['time.ts'] },
  // The secret, given or asked for, kept in private fields.
  'secret.ts': { rank: 0, mayImport: [] },
  'backoff.ts': { rank: 0, mayImport: ['errors.ts'] },
  'end.ts': { rank: 0, mayImport: ['errors.ts'] },
  // isAscii and isUtf8 check bytes many times faster than decoding them does.
  'ndjson/': { rank: 1, mayImport: ['errors.ts'], outside: ['node:buffer'] },
  'values/': { rank: 1, mayImport: ['errors.ts'] },
  'transport/': {
    rank: 1,
    mayImport: ['abort.ts', 'errors.ts', 'health.ts', 'signals.ts', 'observe.ts', 'time.ts', 'backoff.ts', 'end.ts'],
    outside: ['node:http2', 'node:tls'],
  },
  'query/': { rank: 2, mayImport: ['values/', 'errors.ts'] },
  'events/': { rank: 2, mayImport: ['values/', 'errors.ts'], outside: ['zod'] },
  // The body of an answer → its resource or its error: for queries and for refused streams alike.
  'answer.ts': { rank: 2, mayImport: ['values/', 'errors.ts'], outside: ['zod'] },
  'stream/': {
    rank: 3,
    mayImport: [
      'abort.ts',
      'answer.ts',
      'errors.ts',
      'health.ts',
      'signals.ts',
      'observe.ts',
      'time.ts',
      'backoff.ts',
      'end.ts',
      'ndjson/',
      'values/',
      'query/',
      'events/',
    ],
    // A fingerprint says which stream a checkpoint belongs to (node:crypto).
    outside: ['eventemitter3', 'zod', 'node:crypto'],
  },
  // A file's checksum (node:crypto), and the folder that it lies in (node:path).
  'stores/': {
    rank: 3,
    mayImport: ['errors.ts', 'stream/checkpoint.ts'],
    outside: ['node:fs', 'node:crypto', 'node:path'],
  },
  'text/': { rank: 3, mayImport: ['query/', 'values/', 'errors.ts', 'spelling.ts'] },
  // A server that shares the client's code shares its bugs: of query/ it takes the table of wire forms alone. Its port
  // speaks HTTP/1.1 beside HTTP/2 (node:http, node:stream), it stores keys as hashes (node:crypto), and its log has
  // checksums (node:zlib) in files of a folder (node:fs, node:path).
  'local/': {
    rank: 3,
    mayImport: ['ndjson/', 'query/forms.ts', 'errors.ts'],
    outside: [
      'node:http2',
      'node:net',
      'node:http',
      'node:stream',
      'node:crypto',
      'node:fs',
      'node:fs/promises',
      'node:path',
      'node:zlib',
    ],
  },
  'testing/': { rank: 3, mayImport: ['errors.ts'], outside: ['node:net'] },
  'live/': {
    rank: 4,
    mayImport: ['stream/', 'events/', 'values/', 'errors.ts', 'observe.ts', 'signals.ts'],
    outside: ['eventemitter3'],
  },
  // The options of client, stream and query: checks and defaults, each written once.
  'options.ts': {
    rank: 4,
    mayImport: [
      'backoff.ts',
      'events/',
      'ndjson/',
      'stream/',
      'transport/',
      'errors.ts',
      'observe.ts',
      'secret.ts',
      'time.ts',
    ],
    outside: ['zod', 'node:tls'],
  },
  // One request: its headers, its secret, its place.
  'requests.ts': {
    rank: 4,
    mayImport: ['abort.ts', 'end.ts', 'observe.ts', 'options.ts', 'secret.ts', 'transport/'],
  },
  // Queries and their answers.
  'queries.ts': {
    rank: 4,
    mayImport: [
      'abort.ts',
      'answer.ts',
      'end.ts',
      'errors.ts',
      'observe.ts',
      'query/',
      'requests.ts',
      'secret.ts',
      'stream/link.ts',
      'time.ts',
      'transport/',
    ],
  },
  'client.ts': {
    rank: 5,
    mayImport: [
      'errors.ts',
      'events/',
      'health.ts',
      'live/',
      'observe.ts',
      'options.ts',
      'queries.ts',
      'query/',
      'requests.ts',
      'secret.ts',
      'stream/',
      'time.ts',
      'transport/',
    ],
  },
  'index.ts': {
    rank: 6,
    mayImport: [
      'backoff.ts',
      'client.ts',
      'options.ts',
      'live/',
      'stream/',
      'events/',
      'query/',
      'text/',
      'values/',
      'error-codes.ts',
      'errors.ts',
      'health.ts',
      'signals.ts',
      'observe.ts',
    ],
  },
  // Hears the channels.
  'otel/': { rank: 6, mayImport: ['observe.ts'], outside: ['@opentelemetry/api', 'node:diagnostics_channel'] },
  // Reads its words (node:util), the version in the manifest and an expression (node:fs); writes what it is told as wire JSON
  // (values/), as fast as it is read (node:events).
  // The request log of `serve` writes expressions as people do (query/print.ts).
  'cli/': {
    rank: 7,
    mayImport: ['index.ts', 'local/', 'stores/', 'values/', 'query/print.ts', 'spelling.ts', 'time.ts'],
    outside: ['node:fs', 'node:util', 'node:events'],
  },
}

async function readSources(): Promise<Sources> {
  const folder = fileURLToPath(new URL('../src/', import.meta.url))
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const sources = paths.map(async path => {
    return [relative(folder, path).replaceAll(sep, '/'), await readFile(path, 'utf8')] as const
  })
  return new Map(await Promise.all(sources))
}

test('every import in src/ stays in the row of its room, none points up, none closes a loop', async () => {
  const sources = await readSources()
  assert.ok(sources.size > 0, 'src/ holds no file')
  assert.deepEqual(checkImports(rooms, sources), [])
})

test('the rows name only rooms that are in the table, on the same floor or below, without a loop', () => {
  assert.deepEqual(checkRooms(rooms), [])
})

test('every way of naming a module is seen, types included', () => {
  const source = `
    import one from './1'
    import type { Two } from './2'
    import { type Three } from './3'
    import './4'
    export * from './5'
    export {} from './6'
    export type { Seven } from './7'
    const eight = await import('./8')
    type Nine = import('./9').Nine
    import ten = require('./10')
    const eleven = await import(name)
    // import './12'
    const thirteen = "import './13'"`
  const seen = ['./1', './2', './3', './4', './5', './6', './7', './8', './9', './10', '(not a literal)']
  assert.deepEqual(listImports('sample.ts', source), seen)
})

test('a file that does not parse is an error that names it', () => {
  assert.throws(() => listImports('torn.ts', 'import {'), /torn\.ts/)
})

/** Made-up files, and what the check must say of them. */
const bad: Readonly<Record<string, readonly [files: Readonly<Record<string, string>>, problem: string]>> = {
  'an import that points up': [
    { 'values/ref.ts': `import type { Client } from '../client.ts'`, 'client.ts': '' },
    `values/ref.ts: the import of '../client.ts' points up, from values/ to client.ts`,
  ],
  'an import of a room below that is not in the row': [
    { 'stream/stream.ts': `export * from '../transport/pool.ts'`, 'transport/pool.ts': '' },
    `stream/stream.ts: the import of '../transport/pool.ts' is not in the row of stream/`,
  ],
  'an import of another file than the one that the row names': [
    { 'local/server.ts': `import { q } from '../query/builders.ts'`, 'query/builders.ts': '' },
    `local/server.ts: the import of '../query/builders.ts' is not in the row of local/`,
  ],
  'an outside module that is not in the row': [
    { 'ndjson/lines.ts': `import net from 'node:net'` },
    `ndjson/lines.ts: the import of 'node:net' is no outside module of its room`,
  ],
  'an import that is worked out at run time': [
    { 'cli/main.ts': 'await import(process.argv[2])' },
    `cli/main.ts: the import of '(not a literal)' is no outside module of its room`,
  ],
  'an import of a file that is not there': [
    { 'values/ref.ts': `import './reference.ts'` },
    `values/ref.ts: the import of './reference.ts' names no file of src/`,
  ],
  'an import that leaves src/': [
    { 'values/ref.ts': `import '../../tests/rooms.test.ts'` },
    `values/ref.ts: the import of '../../tests/rooms.test.ts' names no file of src/`,
  ],
  'a file in no room': [{ 'attic/box.ts': '' }, 'attic/box.ts belongs to no room'],
  'a loop inside a room': [
    { 'values/a.ts': `import './b.ts'`, 'values/b.ts': `import type {} from './a.ts'` },
    'the imports close a loop: values/a.ts → values/b.ts → values/a.ts',
  ],
}

for (const [what, [files, problem]] of Object.entries(bad)) {
  test(`${what} is reported, naming the file`, () => {
    assert.deepEqual(checkImports(rooms, new Map(Object.entries(files))), [problem])
  })
}

test('a table that points up, names no room or goes in a circle is reported', () => {
  const up: Rooms = { 'a.ts': { rank: 0, mayImport: ['b/'] }, 'b/': { rank: 1, mayImport: ['attic/'] } }
  assert.deepEqual(checkRooms(up), ['the row of a.ts points up to b/', 'the row of b/ names attic/, which is no room'])
  const circle: Rooms = { 'a/': { rank: 0, mayImport: ['b/'] }, 'b/': { rank: 0, mayImport: ['a/x.ts'] } }
  assert.deepEqual(checkRooms(circle), ['the rows close a loop: a/ → b/ → a/'])
})
