/** Writing to a terminal or a pipe: waits for who reads slowly, and knows when nobody reads any more. */
import { once } from 'node:events'

/** What is written to: a stream of the process. */
export type Output = NodeJS.WriteStream & { readonly fd: number }

/** What a terminal is taken for that does not say how wide it is. */
const defaultColumns = 80

/** How wide a terminal is, in columns. */
export function toColumns(output: Output): number {
  return output.columns || defaultColumns
}

/** Writes, and waits until there is room again; false where nobody reads any more. */
export async function write(output: Output, text: string): Promise<boolean> {
  if (output.destroyed || output.writableEnded) return false
  if (output.write(text)) return true
  const closed = new AbortController()
  const stop = (): void => closed.abort()
  output.once('close', stop)
  try {
    await once(output, 'drain', { signal: closed.signal })
    return true
  } catch {
    return false
  } finally {
    output.off('close', stop)
  }
}

/** Calls `run` once when nobody reads any more, as behind `| head`: no error, but an end. */
export function onClosedPipe(output: Output, run: () => void): void {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    run()
  })
}

/** Whether to use colours: on a terminal, unless `NO_COLOR` says otherwise (no-color.org). */
export function hasColors(output: Output): boolean {
  return output.isTTY && !process.env['NO_COLOR'] && output.getColorDepth() > 1
}
