/**
 * Whether the key may read what `tail` follows. The server opens a stream for any key, and leaves out what the key may not read:
 * such a stream is silent for ever (protocol.md B.8). A query is refused, so one is asked.
 */
import { type Client, FaunaError } from '../index.ts'

/** What to ask about an expression, by the form that it is, and what a refusal means. */
type Question = { readonly form: string; readonly ask: (wire: Wire) => unknown; readonly refused: string }
type Wire = Readonly<Record<string, unknown>>

const documentRefused = 'the key may not read this document as it is now'
const advice = 'what a key may not read is never told; rights are those of its role'

const questions: readonly Question[] = [
  // A page of `documents` is empty where the right is missing; `get` is refused, whether there is such a document or not.
  {
    form: 'documents',
    ask: ({ documents }) => ({ get: { ref: documents, id: '1' } }),
    refused: 'the key has no right to read the documents of this collection, or only to read some of them',
  },
  { form: 'match', ask: wire => ({ paginate: wire, size: 0 }), refused: 'the key may not read this index' },
  { form: 'ref', ask: wire => ({ get: wire }), refused: documentRefused },
  { form: '@ref', ask: wire => ({ get: wire }), refused: documentRefused },
]

/** What the key may not read, in a sentence; `undefined` where it may, or where the answers do not tell. Never rejects. */
export async function findDenial(client: Client, expr: unknown): Promise<string | undefined> {
  try {
    const wire = JSON.parse(JSON.stringify(expr)) as Wire
    const question = questions.find(({ form }) => Object.hasOwn(wire, form))
    if (question === undefined) return undefined
    const asked = question.ask(wire)
    return await client.query({ toJSON: () => asked }).then(
      () => undefined,
      (error: unknown) => (isDenied(error) ? `${question.refused}: ${advice}` : undefined),
    )
  } catch {
    // No object at all: the stream itself will say so.
    return undefined
  }
}

function isDenied(error: unknown): boolean {
  return error instanceof FaunaError && error.code === 'permission denied'
}
