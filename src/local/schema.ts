/**
 * The documents of the native collections: the fields of each kind, and what it means for the database that one
 * comes, changes or goes (protocol.md E.7). One row a kind.
 */
import { showVersion } from './frame.ts'
import type { Query } from './frame.ts'
import { failure, forbidden, invalidData } from './failures.ts'
import type { Failure, FieldFailure, Places } from './failures.ts'
import type { LiveVersion } from './history.ts'
import { nounOf } from './names.ts'
import { COLLECTIONS, DATABASES, FUNCTIONS, INDEXES } from './native.ts'
import {
  attachCollection,
  attachIndex,
  detachCollection,
  detachDatabase,
  detachIndex,
  isIndexActive,
  takeDatabase,
  takeIndexNumber,
  takeNumber,
} from './schema-effects.ts'
import {
  proposeFields,
  readAccountId,
  readBody,
  readBoolean,
  readCount,
  readData,
  readInteger,
  readName,
  readPriority,
  readSchemaFields,
  readString,
} from './schema-fields.ts'
import type { FieldRule } from './schema-fields.ts'
import { checkBindings, checkShape } from './schema-index-checks.ts'
import { completeIndex, indexFields, prepareIndex, settleIndex } from './schema-indexes.ts'
import { accessKinds } from './schema-access.ts'
import { globalId } from './global-id.ts'
import { checkContainer, forbidDeletion, forbidLoss } from './schema-modes.ts'
import type { Kind, Proposed } from './schema-kind.ts'
import { missingReferences } from './schema-references.ts'
import { checkRoleNames, readRole } from './schema-roles.ts'
import { isTaken, releaseName, takeName } from './schema-names.ts'
import { hashSecret } from './secrets.ts'
import { digestSecret } from './store.ts'
import { storeParameters } from './stored.ts'
import { Ref } from './values.ts'
import type { ObjectValue, VersionValue } from './values.ts'
import type { Position } from './position.ts'

/** How a change is made of what was and what is given. */
export type ChangeKind = 'update' | 'replace'

/** What the writes of documents do with those of a native collection. */
export type SchemaRule = {
  create(query: Query, parameters: ObjectValue, id: bigint | undefined, places: Places): VersionValue
  change(
    query: Query,
    ref: Ref,
    old: LiveVersion,
    parameters: ObjectValue,
    kind: ChangeKind,
    places: Places,
  ): VersionValue
  /** Reads the fields of a version in the past, where there can be such a one. */
  readonly readPast: ((query: Query, ref: Ref, parameters: ObjectValue, at: Position) => ObjectValue) | undefined
  /** What goes with a document that is deleted; fails where it may not be. */
  detach(query: Query, ref: Ref, fields: ObjectValue, at: Position): void
}

const name: FieldRule = { name: 'name', isRequired: true, read: readName }
const data: FieldRule = { name: 'data', read: readData }

/** The fields of a database, in the order in which they are checked; the account is looked at twice, for its id. */
const databaseFields: readonly FieldRule[] = [
  data,
  name,
  { name: 'account', read: readData },
  { name: 'account', read: readAccountId, isDropped: true },
  { name: 'priority', read: readPriority },
  { name: 'container', read: readBoolean },
  { name: 'typechecked', read: readBoolean },
  { name: 'protected', read: readBoolean },
]

const takeId = (query: Query): bigint => query.store.takeId()

const kinds: readonly Kind[] = [
  {
    native: COLLECTIONS,
    // That history is of so many days that there can be is looked at behind all types but that of the name.
    fields: [
      data,
      { name: 'history_days', read: readInteger },
      { name: 'ttl_days', read: readInteger },
      { name: 'history_days', read: readCount },
      name,
    ],
    defaults: [['history_days', 0n]],
    kept: ['name', 'history_days'],
    takeId: takeNumber,
    checks: [missingReferences],
    forbid: forbidLoss,
    forbidDelete: forbidDeletion('Cannot delete collection'),
    attach: attachCollection,
    detach: detachCollection,
  },
  {
    native: INDEXES,
    fields: indexFields,
    defaults: [
      ['active', false],
      ['serialized', true],
    ],
    kept: ['name', 'unique', 'serialized', 'partitions'],
    takeId: takeIndexNumber,
    prepare: (_query, parameters, _ref, base) => prepareIndex(parameters, base),
    settle: settleIndex,
    complete: (fields, ref, query) => completeIndex(fields, isIndexActive(query, ref, fields)),
    checks: [checkBindings, missingReferences],
    checkChange: checkShape,
    forbidDelete: forbidDeletion('Cannot cause deletion of backing index'),
    attach: attachIndex,
    detach: detachIndex,
  },
  {
    native: DATABASES,
    fields: databaseFields,
    kept: ['name', 'global_id'],
    checks: [missingReferences, checkContainer],
    takeId: takeDatabase,
    complete: (fields, ref) => (fields.has('global_id') ? fields : new Map(fields).set('global_id', globalId(ref))),
    detach: detachDatabase,
  },
  {
    native: FUNCTIONS,
    fields: [
      data,
      name,
      { name: 'role', read: readRole },
      { name: 'body', isRequired: true, read: readBody },
      { name: 'signature', read: readString },
    ],
    kept: ['name'],
    checks: [missingReferences, checkRoleNames],
    forbid: ({ fields }) => (typeof fields.get('body') === 'string' ? ['Invalid type provided for field `body`.'] : []),
  },
  ...accessKinds,
]

function notUnique(at: Position): Failure {
  return failure(at, 'instance not unique', 'document is not unique.')
}

/** What is to be read: parameters, on top of what the document has, if it is there already. */
type Asked = {
  readonly ref: Ref
  readonly old?: ObjectValue
  readonly base?: ObjectValue
  readonly parameters: ObjectValue
  readonly at: Position
}

/** Reads the whole that parameters make of a document. Fails with everything that is wrong, each thing told once. */
function readWhole(kind: Kind, query: Query, { ref, old, base, parameters, at }: Asked): ObjectValue {
  const before = base ?? new Map(kind.defaults)
  const stored = storeParameters(query, parameters, at)
  const prepared = kind.prepare?.(query, stored, ref, base) ?? { parameters: stored, failures: [] }
  const settled = proposeFields(kind.fields, before, prepared.parameters)
  const all = kind.settle?.(settled) ?? settled
  const { fields, failures } = readSchemaFields(kind.fields, all, before)
  const proposed: Proposed = { query, fields, all, self: base && ref, at }
  failures.unshift(...prepared.failures)
  for (const check of kind.checks ?? []) failures.push(...check(proposed))
  if (failures.length === 0) failures.push(...(kind.lastCheck?.(proposed) ?? []))
  if (failures.length > 0) throw invalidData(at, distinct(failures))
  const reasons = kind.forbid?.(proposed, old) ?? []
  if (reasons.length > 0) throw forbidden(at, reasons)
  return fields
}

function distinct(failures: readonly FieldFailure[]): FieldFailure[] {
  return [...new Map(failures.map(failure => [JSON.stringify(failure), failure])).values()]
}

/** Gives a secret to what has none: it is stored by its hash, and shown itself. */
function withSecret(kind: Kind, query: Query, ref: Ref, fields: ObjectValue) {
  const isSecretive = kind.makeSecret !== undefined && !fields.has('hashed_secret')
  const secret = isSecretive ? kind.makeSecret(query, ref) : undefined
  const stored: ObjectValue = new Map(fields)
  const shown: ObjectValue = new Map(fields)
  if (secret !== undefined) {
    query.transaction.make({ kind: 'secret', digest: digestSecret(secret), holder: ref })
    const hash = hashSecret(secret)
    stored.set('hashed_secret', hash)
    shown.set('secret', secret).set('hashed_secret', hash)
  }
  if (kind.makeSecret !== undefined && kind.showsHash !== true) shown.delete('hashed_secret')
  return { stored, shown }
}

function makeRule(kind: Kind): SchemaRule {
  const { native } = kind
  return {
    create(query, parameters, id, places) {
      const ref = new Ref(query.database.number, native, id ?? (kind.takeId ?? takeId)(query))
      const settled = readWhole(kind, query, { ref, parameters, at: places.key })
      if (isTaken(query, native, settled.get('name'))) {
        throw failure(places.key, 'instance already exists', `${nounOf(ref)} already exists.`)
      }
      const fields = kind.complete?.(settled, ref, query) ?? settled
      if (kind.isTaken?.(query, fields, ref) === true) throw notUnique(places.key)
      const { stored, shown } = withSecret(kind, query, ref, fields)
      const { ts } = query.transaction.write(query.database, ref, stored, 'create')
      takeName(query, ref, fields.get('name'))
      kind.attach?.(query, ref, fields)
      return showVersion(query, ref, { ts, fields: shown }, true)
    },

    change(query, ref, old, parameters, changeKind, places) {
      const base = changeKind === 'update' ? old.fields : keep(old.fields, kind.kept ?? [])
      const settled = readWhole(kind, query, { ref, old: old.fields, base, parameters, at: places.form })
      const fields = kind.complete?.(settled, ref, query) ?? settled
      const changed = kind.checkChange?.(old.fields, fields) ?? []
      if (changed.length > 0) throw invalidData(places.form, changed)
      const renamed = settled.get('name')
      if (renamed !== undefined && renamed !== old.fields.get('name')) {
        if (isTaken(query, native, renamed)) throw notUnique(places.form)
        releaseName(query, ref, old.fields)
        takeName(query, ref, renamed)
      }
      if (kind.isTaken?.(query, fields, ref) === true) throw notUnique(places.form)
      const { stored, shown } = withSecret(kind, query, ref, fields)
      const { ts } = query.transaction.write(query.database, ref, stored, 'update')
      return showVersion(query, ref, { ts, fields: shown })
    },

    readPast:
      kind.hasPast === true
        ? (query, ref, parameters, at) => {
            // What the other checks look at is there in the present.
            return readWhole({ ...kind, checks: [] }, query, { ref, base: new Map(), parameters, at })
          }
        : undefined,

    detach(query, ref, fields, at) {
      const reason = kind.forbidDelete?.(query)
      if (reason !== undefined) throw forbidden(at, [reason])
      releaseName(query, ref, fields)
      kind.detach?.(query, ref, fields)
    },
  }
}

/** The fields that a `replace` does not take away, in the order in which the kind names them. */
function keep(fields: ObjectValue, kept: readonly string[]): ObjectValue {
  return new Map(kept.flatMap(key => (fields.has(key) ? [[key, fields.get(key) ?? null]] : [])))
}

/** The rules of the native collections, by their numbers. */
export const schemaRules: ReadonlyMap<number, SchemaRule> = new Map(kinds.map(kind => [kind.native, makeRule(kind)]))
