/**
 * All that a store holds as lines of JSON (docs/embedded-server.md): schema and documents, each version a line. Sets are not
 * among them: they follow from the rest.
 */
import type { Database } from '../database.ts'
import type { Version } from '../history.ts'
import { listFrom } from '../log/contents.ts'
import { natives } from '../native.ts'
import type { Store } from '../store.ts'
import type { Ref } from '../values.ts'
import { EXPORT_FORMAT, EXPORT_VERSION } from './format.ts'
import { ValueText } from './text.ts'

/** `"key":text`, joined; what has no text is left out. */
function line(parts: Readonly<Record<string, string | undefined>>): string {
  const written = Object.entries(parts).filter(([, text]) => text !== undefined)
  return `{${written.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join()}}`
}

/** Gives the lines, without their ends. */
export function* exportLines(store: Store): Generator<string> {
  const { state, clock } = store
  yield line({
    format: JSON.stringify(EXPORT_FORMAT),
    version: String(EXPORT_VERSION),
    time: String(clock.last),
    lastId: JSON.stringify(store.lastId.toString()),
    nextDatabase: String(state.nextDatabase),
  })
  for (const database of listFrom(state, state.root)) yield* databaseLines(store, database)
  for (const [{ ref }, dueAt] of state.pendingBuilds) {
    yield line({ ...whereIs(ref.database), building: JSON.stringify(ref.id.toString()), dueAt: String(dueAt) })
  }
  for (const [digest, holder] of state.holders) {
    yield line({ ...whereIs(holder.database), secret: JSON.stringify(digest), ...holderOf(holder) })
  }
}

/** The root is not named. */
function whereIs(database: number): Record<string, string | undefined> {
  return { database: database === 0 ? undefined : String(database) }
}

function holderOf({ collection, id }: Ref): Record<string, string> {
  return { of: JSON.stringify(natives.get(collection)?.name), id: JSON.stringify(id.toString()) }
}

function* databaseLines(store: Store, database: Database): Generator<string> {
  const where = whereIs(database.number)
  yield line({ ...where, nextNumber: String(database.nextNumber) })
  const text = new ValueText(store, database)
  for (const collection of database.collections.values()) {
    const native = natives.get(collection.number)
    const name = JSON.stringify(native?.name ?? store.nameOf(collection.collectionRef))
    const kind = native === undefined ? 'collection' : 'schema'
    for (const [id, history] of collection.documents) {
      const head = { ...where, [kind]: name, id: JSON.stringify(id.toString()) }
      for (const version of history.versions) {
        yield line({ ...head, ...versionParts(version, text, native !== undefined) })
      }
    }
  }
}

/** The fields of schema stand together; those of documents, `data` and `ttl`, beside the rest. */
function versionParts(
  { ts, fields, knownBefore }: Version,
  text: ValueText,
  isSchema: boolean,
): Record<string, string> {
  const parts: Record<string, string> = { ts: String(ts) }
  if (fields === null) parts['deleted'] = 'true'
  else if (isSchema) parts['fields'] = text.write(fields)
  else for (const [field, value] of fields) parts[field] = text.write(value)
  if (knownBefore === null) parts['before'] = 'null'
  else if (knownBefore !== undefined) {
    parts['before'] = line({ ts: String(knownBefore.ts), fields: text.write(knownBefore.fields) })
  }
  return parts
}
