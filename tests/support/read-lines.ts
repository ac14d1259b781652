/** Reads recorded lines by the schema's path, and prints how many it read: for a process where code from text is forbidden. */
import { readEventSlowly } from '../../src/events/decode.ts'
import { readRecordedStreams } from './recorded.ts'

function isCodeForbidden(): boolean {
  try {
    return typeof new Function('return 1') !== 'function'
  } catch {
    return true
  }
}

const lines = readRecordedStreams().flatMap(({ status, lines }) => (status === 200 ? lines : []))
let bad = 0
for (const line of [...lines, '{"type":"version","txn":"1","event":{}}']) {
  try {
    readEventSlowly(line)
  } catch {
    bad++
  }
}
console.log(JSON.stringify({ isForbidden: isCodeForbidden(), read: lines.length, bad }))
