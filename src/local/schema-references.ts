/** The refs in schema documents: what they name has to be there, for whoever writes them. */
import { isNativeCollection } from './casts.ts'
import type { Query } from './frame.ts'
import type { FieldFailure } from './failures.ts'
import { nativeRef } from './names.ts'
import type { Check } from './schema-kind.ts'
import { Ref } from './values.ts'
import type { Value } from './values.ts'

function describeMissing(query: Query, ref: Ref): string | undefined {
  if (isNativeCollection(ref)) return undefined
  const { access, database, transaction } = query
  if (!access.allows('read', nativeRef({ number: ref.database }, ref.collection), [ref]))
    return 'Cannot read reference.'
  return transaction.read(database, ref) === undefined ? 'Reference was not found.' : undefined
}

/** Tells the refs in fields that name nothing, or nothing to be seen. The places in arrays are not told. */
export const missingReferences: Check = ({ query, all }) => {
  const failures: FieldFailure[] = []
  const visit = (value: Value, field: readonly string[]): void => {
    if (Array.isArray(value)) for (const inner of value) visit(inner, field)
    else if (value instanceof Map) for (const [key, inner] of value) visit(inner, [...field, key])
    else if (value instanceof Ref) {
      const description = describeMissing(query, value)
      if (description !== undefined) failures.push({ field, code: 'invalid reference', description })
    }
  }
  visit(all, [])
  return failures
}
