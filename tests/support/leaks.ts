/**
 * Makes the test file that imports it fail when it leaves something behind at its end: a socket, a server, a timer, a
 * child process. One line is all it takes: `import './support/leaks.ts'`.
 *
 * The check begins in the file's first `after` hook, so it runs beside hooks that the file registers later, and gives
 * them and everything still closing up to `graceMs`. What is left then is named on stderr, and the process exits with
 * code 1, which the runner reports as a failure of the file: a forgotten server would otherwise hang it for ever.
 */
import { subscribe } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'
import type { Socket } from 'node:net'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long closing handles may take before they count as left behind, in milliseconds. */
const graceMs = 5_000
/** Between two looks, in milliseconds. */
const restMs = 10

/**
 * Kinds of resource that say nothing about the test: the runner's own pipes and terminal, the loader's reading of files,
 * and what is about to run anyway.
 */
const ignored = new Set(['PipeWrap', 'TTYWrap', 'Immediate', 'CloseReq', 'FSReqCallback'])

/** Every TCP socket made since this file was imported, also those without a hold on the process (`unref`). */
const sockets = new Set<Socket>()

for (const channel of ['net.client.socket', 'net.server.socket']) {
  subscribe(channel, message => {
    const { socket } = message as { socket: Socket }
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
}

/** Counts what keeps the process alive, by kind. */
function countResources(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) {
    if (!ignored.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return counts
}

const before = countResources()

/** Names what is there now and was not at the start, one text a kind; empty when all is gone. */
function listLeft(): string[] {
  const counts = countResources()
  const left = [...counts].filter(([kind, count]) => count > (before.get(kind) ?? 0))
  return [
    ...left.map(([kind, count]) => `${kind} × ${count - (before.get(kind) ?? 0)}`),
    ...[...sockets].map(socket => `socket ${socket.localAddress}:${socket.localPort} to port ${socket.remotePort}`),
  ]
}

async function check(): Promise<void> {
  const deadline = performance.now() + graceMs
  while (listLeft().length > 0 && performance.now() < deadline) await sleep(restMs)
  const left = listLeft()
  if (left.length === 0) return
  // Written at once: what goes through process.stderr may be lost when the process exits.
  writeSync(2, `left behind by ${process.argv[1]}: ${left.join(', ')}\n`)
  process.exit(1)
}

after(() => void check())
