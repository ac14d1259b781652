/** A client keeps its process alive while something is awaited, and not a moment longer. */
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import './support/leaks.ts'
import { answer, beginStream, type Peer, type PeerRequest, servePeer, startLine, versionLine } from './support/peer.ts'
import { type Program, startProgram } from './support/program.ts'

const program = fileURLToPath(new URL('support/idle-client.ts', import.meta.url))
/** Fails a test whose program does not end; no test waits for it otherwise. */
const timeout = 30_000

function respond(request: PeerRequest): void {
  if (request.headers[':path'] === '/') answer(request, 200, '{"resource":1}')
  else beginStream(request, [startLine(1)])
}

async function withProgram(use: string, run: (program: Program, peer: Peer) => Promise<void>): Promise<void> {
  const peer = await servePeer(respond)
  const started = startProgram(program, [peer.endpoint, use])
  try {
    await run(started, peer)
  } finally {
    started.child.kill()
    await started.finished
    await peer.close()
  }
}

test('a process whose client has nothing open ends, though the client was not closed', { timeout }, () =>
  withProgram('leave', async ({ finished }) => {
    assert.deepEqual(await finished, { code: 0, signal: null, stdout: 'done\n', stderr: '' })
  }),
)

test('a process with a loop that waits stays, and ends after it', { timeout }, () =>
  withProgram('wait', async ({ finished, prints }, peer) => {
    await prints(/waiting/)
    // A process that nothing holds would be gone by now: it takes one turn of its event loop to end.
    const stillRuns = await Promise.race([finished.then(() => false), pingOf(peer).then(() => true)])
    assert.ok(stillRuns)
    peer.requests[0]!.stream.write(versionLine(2) + '\r\n')
    assert.deepEqual(await finished, { code: 0, signal: null, stdout: 'waiting\ndone\n', stderr: '' })
  }),
)

/** Resolves when the client has answered a PING: it has gone through a turn of its event loop. */
function pingOf(peer: Peer): Promise<void> {
  const [session] = peer.sessions
  return new Promise((resolve, reject) => {
    session!.ping(error => (error ? reject(error) : resolve()))
  })
}
