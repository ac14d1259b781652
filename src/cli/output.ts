/** Writing to a terminal or a pipe: waits for who reads slowly, and knows when nobody reads any more. */
import { CommandError } from './command.ts'

/** What is written to: a stream of the process. */
export type Output = NodeJS.WriteStream & { readonly fd: number }

/** What a terminal is taken for that does not say how wide it is. */
const defaultColumns = 80

/** How wide a terminal is, in columns. */
export function toColumns(output: Output): number {
  return output.columns || defaultColumns
}

/**
 * Writes, and waits until the system has taken all of it: what a slow reader leaves in this process would be lost with it.
 * False where that is not to be: nobody reads any more, or `signal` said to stop. Rejects with a `CommandError` where the system cannot take
 * it, as a file on a full disk.
 */
export async function write(output: Output, text: string, signal?: AbortSignal): Promise<boolean> {
  if (output.destroyed || output.writableEnded || signal?.aborted) return false
  return new Promise((resolve, reject) => {
    const stop = (): void => end(false)
    const end = (isWritten: boolean): void => {
      output.off('close', stop)
      signal?.removeEventListener('abort', stop)
      resolve(isWritten)
    }
    const fail = (cause: NodeJS.ErrnoException): void => {
      if (!isUnread(cause)) reject(new CommandError(`the output cannot be written: ${cause.message}`, { cause }))
      end(false)
    }
    output.once('close', stop)
    signal?.addEventListener('abort', stop)
    output.write(text, error => (error ? fail(error) : end(true)))
    // A pipe with room, a file or a terminal has it by now.
    if (output.writableLength === 0 && !output.errored) end(true)
  })
}

/** Ends the process where an output still waits for its reader: Node keeps it until all is read, and `destroy` is of no use there. */
export function leaveUnread(outputs: readonly Output[]): void {
  if (outputs.some(output => output.writableLength > 0)) process.exit()
}

/** Calls `run` once when nobody reads any more, as behind `| head`: no error, but an end. Other errors are told by `write`. */
export function onClosedPipe(output: Output, run: () => void): void {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (isUnread(error)) run()
  })
}

function isUnread({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE'
}

/** Whether to use colours: on a terminal, unless `NO_COLOR` says otherwise (no-color.org). */
export function hasColors(output: Output): boolean {
  return output.isTTY && !process.env['NO_COLOR'] && output.getColorDepth() > 1
}
