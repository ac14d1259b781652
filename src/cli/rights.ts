/**
 * Whether the key may read what `tail` follows. The server opens a stream for any key, and leaves out what the key may not read:
 * such a stream is silent for ever (protocol.md B.8). A query is refused, so one is asked.
 */
import { type Client, FaunaError } from '../index.ts'

/** What to ask about an expression, by the form that it is, and what it means where all of it is refused. */
type Question = { readonly form: string; readonly asks: (wire: Wire) => readonly unknown[]; readonly refused: string }
type Wire = Readonly<Record<string, unknown>>

const documentRefused = 'the key may not read this document as it is now'
const advice = 'what a key may not read is never told; rights are those of its role'

/** A page of no events is an answer even where there is no such document, but needs the right to history; `get` does not. */
const toAsks = (ref: unknown) => [{ paginate: { events: ref }, size: 0 }, { get: ref }]

const questions: readonly Question[] = [
  // A page of `documents` is empty where the right is missing; of a document both are refused, whether there is one or not.
  {
    form: 'documents',
    asks: ({ documents }) => toAsks({ ref: documents, id: '1' }),
    refused: 'the key has no right to read the documents of this collection, or only to read some of them',
  },
  { form: 'match', asks: wire => [{ paginate: wire, size: 0 }], refused: 'the key may not read this index' },
  { form: 'ref', asks: toAsks, refused: documentRefused },
  { form: '@ref', asks: toAsks, refused: documentRefused },
]

/** What the key may not read, in a sentence; `undefined` where it may, or where the answers do not tell. Never rejects. */
export async function findDenial(client: Client, expr: unknown): Promise<string | undefined> {
  try {
    const wire = JSON.parse(JSON.stringify(expr)) as Wire
    const question = questions.find(({ form }) => Object.hasOwn(wire, form))
    if (question === undefined) return undefined
    for (const asked of question.asks(wire)) if (!(await isRefused(client, asked))) return undefined
    return `${question.refused}: ${advice}`
  } catch {
    // No object at all: the stream itself will say so.
    return undefined
  }
}

async function isRefused(client: Client, wire: unknown): Promise<boolean> {
  try {
    await client.query({ toJSON: () => wire })
    return false
  } catch (error) {
    return error instanceof FaunaError && error.code === 'permission denied'
  }
}
