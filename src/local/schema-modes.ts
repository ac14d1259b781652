/** What the modes of a database forbid in it: one that only holds others has no data, a protected one loses nothing. */
import type { Query } from './frame.ts'
import type { Database } from './database.ts'
import { COLLECTIONS, CREDENTIALS, FIRST_USER_COLLECTION, FUNCTIONS, INDEXES, TOKENS } from './native.ts'
import type { Check, Kind } from './schema-kind.ts'
import type { Ref, Value } from './values.ts'

/** A mode of a database; undefined where its document says nothing of it. */
function modeOf({ store }: Query, database: Database, mode: 'container' | 'protected'): Value | undefined {
  const ref = store.refOfDatabase(database)
  return ref && store.lastFieldsOf(ref)?.get(mode)
}

/** What a database that only holds others cannot have in it. */
const notContained: readonly number[] = [COLLECTIONS, INDEXES, FUNCTIONS, TOKENS, CREDENTIALS]

/** Whether a collection may have no documents, since its database only holds others. */
export function isKeptOut(query: Query, collection: Ref): boolean {
  const number = Number(collection.id)
  const isData = number >= FIRST_USER_COLLECTION || notContained.includes(number)
  return isData && modeOf(query, query.database, 'container') === true
}

/** A database with something in it cannot become one that only holds others. */
export const checkContainer: Check = ({ query, fields, self }) => {
  const database = self && query.store.database(Number(self.id))
  if (database === undefined || fields.get('container') !== true) return []
  if (modeOf(query, database, 'container') === true) return []
  const hasFunctions = (database.names.get(FUNCTIONS)?.size ?? 0) > 0
  const hasCollections = [...database.collections.keys()].some(number => number >= FIRST_USER_COLLECTION)
  if (!hasCollections && database.indexes.size === 0 && !hasFunctions) return []
  const description = 'cannot make database a container while it contains collections, indexes, or user functions'
  return [{ field: [], code: 'container candidate contains data', description }]
}

/** Whether a database is protected: as it says, or as the one around it is. */
function isProtected(query: Query, database: Database | undefined): boolean {
  if (database === undefined) return false
  const own = modeOf(query, database, 'protected')
  return typeof own === 'boolean' ? own : isProtected(query, database.parent)
}

function explain(change: string): string {
  return `${change}: destructive change forbidden because database is in protected mode.`
}

/** Why something in a protected database may not be deleted. */
export function forbidDeletion(change: string): NonNullable<Kind['forbidDelete']> {
  return query => (isProtected(query, query.database) ? explain(change) : undefined)
}

/** Why a collection of a protected database may not keep less than it did. */
export const forbidLoss: NonNullable<Kind['forbid']> = ({ query, fields }, old) => {
  if (old === undefined || !isProtected(query, query.database)) return []
  const [history, nextHistory] = [old.get('history_days'), fields.get('history_days')]
  const [ttl, nextTtl] = [old.get('ttl_days'), fields.get('ttl_days')]
  const reasons: string[] = []
  if (history !== undefined && nextHistory === undefined) reasons.push('Cannot remove `history_days` field')
  else if (isLess(nextHistory, history)) reasons.push('Cannot decrease `history_days` field')
  // The real server says of a field that comes what it says of one that goes.
  if (ttl === undefined && nextTtl !== undefined) reasons.push('Cannot remove `ttl_days` field')
  else if (isLess(nextTtl, ttl)) reasons.push('Cannot decrease `ttl_days` field')
  return reasons.map(explain)
}

function isLess(next: Value | undefined, before: Value | undefined): boolean {
  return typeof next === 'bigint' && typeof before === 'bigint' && next < before
}
