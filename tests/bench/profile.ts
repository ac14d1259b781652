/** Profiles this package on the bulk workload: writes profile/bulk.cpuprofile, for any viewer, and profile/bulk.svg, a flame graph. */
import { mkdir, writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'
import { contenders } from './contenders.ts'
import { drawFlames } from './flames.ts'
import { startServer } from './process.ts'

const count = 150_000
const rounds = 5
const samplingMicros = 250

const folder = new URL('../../profile/', import.meta.url)
const server = await startServer({ count, seed: Number(process.env['SEED'] ?? 1), after: 'open' }, { pin: true })
try {
  const course = { endpoint: server.endpoint, count, bytes: server.bytes, shape: 'orders' } as const
  // Compilation is no part of what a stream costs that runs for days.
  await contenders.ours.run(course)
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: samplingMicros })
  await session.post('Profiler.start')
  for (let round = 0; round < rounds; round++) await contenders.ours.run(course)
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  await mkdir(folder, { recursive: true })
  await writeFile(new URL('bulk.cpuprofile', folder), JSON.stringify(profile))
  await writeFile(new URL('bulk.svg', folder), drawFlames(profile, `${rounds * count} events`))
  console.log('profile/bulk.cpuprofile and profile/bulk.svg')
} finally {
  await server.stop()
}
