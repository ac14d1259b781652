/**
 * `fauna-streams/local`: an embedded FQL v4 server for development and tests. It keeps everything in memory, and in a
 * folder where one is given; it checks and answers as the real server does, and repeats its faults unless told not to.
 * It is no database for production.
 * @module fauna-streams/local
 */
import { LocalServer } from './server.ts'
import type { LocalOptions } from './server.ts'

export type { LocalOptions } from './server.ts'
export type { ReportedRequest, ReportListener, RequestReport } from './request-reports.ts'
export type { StreamError } from './live-stream.ts'
export type { LocalServer } from './server.ts'

/**
 * Starts an embedded server. Rejects with an `OptionError` for an option that cannot be used, where the port cannot be
 * had, and with a `StateError` where the data folder is in use (`data_in_use`) or cannot be read (`bad_data`).
 */
export async function startLocal(options: LocalOptions = {}): Promise<LocalServer> {
  const server = new LocalServer(options)
  try {
    await server.start()
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}
