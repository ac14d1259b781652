/** A proxy that makes a server distant, in a process of its own: `distance.ts ENDPOINT ROUND_TRIP_MS`. */
import { serveProxy } from '../../src/testing/index.ts'

const [target = '', roundTripMs = '0'] = process.argv.slice(2)
const proxy = await serveProxy({ target })
proxy.delay(Number(roundTripMs) / 2)
process.send?.(proxy.endpoint)
process.once('disconnect', () => process.exit())
