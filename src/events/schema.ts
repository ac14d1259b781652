/** The zod schemas of a stream's lines (protocol.md B.4–B.8): loose, so that nothing the server adds is lost. */
import { z } from 'zod'

const micros = z.int().nonnegative()
/** Old API versions write a ref as text (protocol.md D.4). */
const ref = z.looseObject({ '@ref': z.union([z.looseObject({ id: z.string() }), z.string()]) })
const version = z.looseObject({ ref, ts: z.int() })
const index = z.looseObject({
  ref: ref.optional(),
  terms: z.array(z.unknown()),
  values: z.array(z.unknown()),
})

const action = z.string().optional()
const documentChange = z.looseObject({
  action,
  document: version.optional(),
  diff: version.optional(),
  prev: version.optional(),
})
const setChange = z.looseObject({ action, document: version.optional(), index: index.optional() })
const errorPayload = z.looseObject({ code: z.string(), description: z.string() })

// zod falls back to its ordinary parser by itself where code generation is forbidden.
const line = (event: z.ZodType) => z.compile(z.looseObject({ txn: micros, event }))

/** What each type of line must be. */
export const lineSchemas: ReadonlyMap<unknown, z.ZodType> = new Map([
  ['start', line(micros)],
  ['version', line(documentChange)],
  ['history_rewrite', line(documentChange)],
  ['set', line(setChange)],
  ['error', line(errorPayload)],
])

/** What the `index` of a `set` line must be. */
export const indexSchema = z.compile(index)

/** What every line must be, of whatever type. */
export const envelopeSchema = z.looseObject({ type: z.string() })
