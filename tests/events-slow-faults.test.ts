/** What a stream owes after each fault is owed with the fast path off too: the same tests again, by the schema's path alone. */
import { after } from 'node:test'
import { useFastPath } from '../src/events/decode.ts'

useFastPath(false)
after(() => useFastPath(true))
await import('./transport-resume.test.ts')
