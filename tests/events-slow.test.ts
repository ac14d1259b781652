/** What recorded streams owe is owed with the fast path off too: the same tests again, by the schema's path alone. */
import './support/uncovered.ts'
import { after } from 'node:test'
import { useFastPath } from '../src/events/decode.ts'

useFastPath(false)
after(() => useFastPath(true))
await import('./client-transcripts.test.ts')
