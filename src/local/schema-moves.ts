/** Databases that move into other ones, with all that is in them and with the keys that are for them. */
import { isBuiltIn } from './built-in-roles.ts'
import { undefinedRef } from './casts.ts'
import { showVersion } from './frame.ts'
import type { Query } from './frame.ts'
import type { Database } from './database.ts'
import { failure, permissionDenied } from './failures.ts'
import type { Failure, Places } from './failures.ts'
import { nativeRef } from './names.ts'
import { DATABASES, KEYS } from './native.ts'
import { isTaken, releaseName, takeName } from './schema-names.ts'
import { Ref, UnresolvedRef } from './values.ts'
import type { ObjectValue, VersionValue } from './values.ts'
import type { Position } from './position.ts'

/** Where a move stands: its target has a place of its own. */
export type MovePlaces = Places & { readonly to: Position }

/** Who moves and where to, by their names. */
type Names = { readonly from: string; readonly to: string }

/** Why databases do not move. */
function cannotMove({ from, to }: Names, reason: string, { form }: MovePlaces): Failure {
  return failure(form, 'move database error', `Cannot move database '${from}' into parent '${to}': ${reason}`)
}

/** What is said where one of the two never was: of the other one, by a fault of the real server, that it is not known. */
function unknown(from: string | undefined, to: string | undefined, { form, key, to: target }: MovePlaces): Failure {
  if (from !== undefined) return undefinedRef(new UnresolvedRef('database', from), key)
  if (to !== undefined) return undefinedRef(new UnresolvedRef('database', to), target)
  return failure(form, 'instance not found', 'Database not found.')
}

/**
 * Moves the database of a ref below another one, as it was before the transaction. Fails where that is the same, or inside
 * of it (MODEL/doc/Database.scala `moveDatabase`).
 */
export function moveDatabase(query: Query, ref: Ref, target: Ref, places: MovePlaces): VersionValue {
  const { store, transaction } = query
  const [from, to] = [store.nameOf(ref), store.nameOf(target)]
  if (from === undefined || to === undefined) throw unknown(from, to, places)
  const fail = (reason: string): Failure => cannotMove({ from, to }, reason, places)
  const moved = store.database(Number(ref.id))
  const parent = store.database(Number(target.id))
  const owner = store.database(ref.database)
  if (moved !== undefined && parent?.isWithin(moved) === true) {
    throw fail('Cannot move database from ancestor to descendant.')
  }
  if (!query.access.allows('delete', nativeRef(query.database, DATABASES), [ref])) throw permissionDenied(places.form)
  if (parent === undefined) throw fail(`${to} is not a live database.`)
  const version = owner && transaction.readCached(owner, ref)
  if (moved === undefined || owner === undefined || version === undefined) throw fail(`${from} is not a live database.`)
  const inTarget: Query = { ...query, database: parent }
  const { fields } = version
  if (isTaken(inTarget, DATABASES, fields.get('name'))) {
    throw failure(places.form, 'instance already exists', 'Database already exists.')
  }
  releaseName({ ...query, database: owner }, ref, fields)
  transaction.clear(owner, ref)
  const next = new Ref(parent.number, DATABASES, ref.id)
  transaction.make({ kind: 'database moved', number: moved.number, parent: parent.number })
  const { ts } = transaction.write(parent, next, fields, 'create')
  takeName(inTarget, next, fields.get('name'))
  moveKeys(query, owner, ref, parent, next)
  return showVersion(query, next, { ts, fields }, true)
}

/** What a key has after the move, beside its database: nothing of the user's own goes with it. */
const movedFields: readonly string[] = ['role', 'hashed_secret', 'ttl']

/** A key is written anew, field by field: a role that is not built in becomes a list of one. */
function moveKey(fields: ObjectValue, database: Ref): ObjectValue {
  const moved: ObjectValue = new Map([['database', database]])
  for (const name of movedFields) {
    const value = fields.get(name)
    if (value !== undefined) moved.set(name, name === 'role' && !isBuiltIn(value) ? [value].flat() : value)
  }
  return moved
}

/** The keys of a database are in the one that it is in. Nothing of them is left behind, as of the database itself. */
function moveKeys({ store, transaction }: Query, from: Database, old: Ref, to: Database, next: Ref): void {
  const ids = [...(from.collections.get(KEYS)?.documents.keys() ?? [])]
  for (const id of ids) {
    const key = new Ref(from.number, KEYS, id)
    const fields = transaction.read(from, key)?.fields
    const database = fields?.get('database')
    if (fields === undefined || !(database instanceof Ref) || !database.equals(old)) continue
    const holder = new Ref(to.number, KEYS, id)
    transaction.clear(from, key)
    transaction.write(to, holder, moveKey(fields, next), 'create')
    for (const [digest, one] of store.state.holders) {
      if (one.equals(key)) transaction.make({ kind: 'secret', digest, holder })
    }
  }
}
