/**
 * Runs `tests/transcripts/replay.mjs` against an embedded server: recorded exchanges with the real server, sent again,
 * every answer compared byte for byte.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { startLocal } from '../../src/local/index.ts'
import type { LocalOptions } from '../../src/local/index.ts'
import { uncovered } from './program.ts'

const transcripts = join(import.meta.dirname, '../transcripts')

/** The first differences that a failing replay shows, per file. */
const SHOWN_DIFFERENCES = '5'

/** Scenarios of `transcripts/streams`, by what they show. */
export const streamScenarios = [
  'bytes',
  'document-life',
  'document-one-transaction',
  'documents-set',
  'history-rewrite',
  'match-array-values',
  'match-arrays',
  'match-partitions',
  'match-sources',
  'match-termless',
  'match-terms',
  'match-ts-value',
  'match-values',
  'mixed',
  'schema-changes',
  'set-one-transaction',
  'several-documents-one-transaction',
  'values',
]

/** Scenarios of keys, roles, refusals and headers. */
export const accessScenarios = [
  'auth',
  'bad-requests',
  'database-deleted',
  'headers',
  'keys-and-roles',
  'not-streamable',
  'streamable',
]

/** The scenario that waits until documents have expired: some twenty seconds. */
export const slowScenarios = ['ttl']

/** Scenarios of `transcripts/history`; the others in there depend on hours, or on keys made outside. */
export const historyScenarios = [
  'bytes-break-the-stream',
  'cursors',
  'document-catch-up',
  'expired-documents',
  'set-catch-up',
  'several-writes-one-transaction',
]

/** The path of a history scenario. */
export function historyPath(name: string): string {
  return join(transcripts, 'history', `${name}.json`)
}

/** The path of a stream scenario. */
export function scenarioPath(name: string): string {
  return join(transcripts, 'streams', `${name}.json`)
}

/** The path of a file of the corpus of queries. */
export function corpusPath(name: string): string {
  return join(transcripts, 'fql', `${name}.json`)
}

/** How a replay went, and what it printed: the differences. */
export type ReplayResult = { readonly equal: number; readonly all: number; readonly output: string }

/** Replays files against a fresh server. */
export async function replayFiles(files: readonly string[], options: LocalOptions = {}): Promise<ReplayResult> {
  const server = await startLocal(options)
  try {
    const output = await replay(server.endpoint, server.secret, files)
    const [, equal, all] = /(\d+) of (\d+) exchanges equal/.exec(output) ?? []
    assert.ok(Number(all) > 0, `nothing was replayed:\n${output}`)
    return { equal: Number(equal), all: Number(all), output }
  } finally {
    await server.close()
  }
}

/** Replays files against a fresh server. Fails, with what differs, unless every exchange is equal. */
export async function assertReplays(files: readonly string[], options: LocalOptions = {}): Promise<void> {
  const { equal, all, output } = await replayFiles(files, options)
  assert.equal(equal, all, output)
}

function replay(endpoint: string, secret: string, files: readonly string[]): Promise<string> {
  const script = join(transcripts, 'replay.mjs')
  const args = [script, '--endpoint', endpoint, '--secret', secret, '--most', SHOWN_DIFFERENCES, ...files]
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...uncovered }
    // Exit code 1 means that something differs: the output says what.
    execFile(process.execPath, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error)
      else resolve(stdout + stderr)
    })
  })
}
