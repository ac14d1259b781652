/** Forms that write: documents, their history, and the schema. */
import type { Call, Evaluate } from '../call.ts'
import { castRef } from '../casts.ts'
import { changeDocument, createDocument, deleteDocument, insertEvent, removeEvent } from '../documents.ts'
import { failure, wrongType } from '../failures.ts'
import type { Places } from '../failures.ts'
import { schemaKindOf, typeName } from '../kinds.ts'
import { findSchema, nativeRef } from '../names.ts'
import { ACCESS_PROVIDERS, COLLECTIONS, DATABASES, FUNCTIONS, INDEXES, KEYS, ROLES } from '../native.ts'
import { moveDatabase } from '../schema-moves.ts'
import { Action } from '../values.ts'
import type { ObjectValue } from '../values.ts'

function placesOf(call: Call, key: string): Places {
  return { form: call.position, key: call.at(key), isPast: call.frame.readAt !== undefined }
}

/** Streams and GET requests may not write; they fail when they come to it. */
export function checkMayWrite(call: Call): void {
  const { kind } = call.query
  if (kind !== 'query') {
    const description = `Call performs a write, which is not allowed in ${kind} requests.`
    // It is told as what is wrong with an expression, and weighs no more than what fails when one is evaluated.
    throw failure(call.position, 'invalid expression', description, { weight: 0 })
  }
  if (call.frame.isPure === true) {
    throw call.fail('invalid argument', 'Invalid lambda. Lambda in this context may not write or call a user function.')
  }
}

function parametersOf(call: Call): ObjectValue {
  return call.has('params') ? call.object('params') : new Map()
}

const evaluateCreate: Evaluate = call => {
  checkMayWrite(call)
  const value = call.value('create')
  // A name is looked up last of all.
  const named = typeof value === 'string' ? undefined : castRef(value, call.at('create'), 'Identifier')
  const parameters = parametersOf(call)
  const ref = named ?? castRef(findSchema(call.query.database, 'collection', value as string), call.at('create'))
  const isCollection = schemaKindOf(ref) === 'collection'
  const collection = isCollection ? ref : nativeRef({ number: ref.database }, ref.collection)
  return createDocument(call.query, collection, isCollection ? undefined : ref.id, parameters, placesOf(call, 'create'))
}

function change(kind: 'update' | 'replace'): Evaluate {
  return call => {
    checkMayWrite(call)
    const ref = call.ref(kind)
    const parameters = parametersOf(call)
    return changeDocument(call.query, ref, parameters, kind, placesOf(call, kind))
  }
}

const evaluateDelete: Evaluate = call => {
  checkMayWrite(call)
  const ref = call.ref('delete')
  return deleteDocument(call.query, ref, placesOf(call, 'delete'))
}

/** The actions of documents. */
const actions = ['create', 'update', 'delete'] as const

/** What an event that is asked for does with its document. */
function actionOf(call: Call): (typeof actions)[number] {
  const value = call.value('action')
  const found = actions.find(action => action === (value instanceof Action ? value.name : value))
  if (found !== undefined) return found
  throw wrongType(call.at('action'), "String 'create', 'update', or 'delete'", typeName(value))
}

const evaluateInsert: Evaluate = call => {
  checkMayWrite(call)
  const ref = call.ref('insert')
  const asked = { ts: call.micros('ts') ?? 0, action: actionOf(call), parameters: parametersOf(call) }
  return insertEvent(call.query, ref, asked, placesOf(call, 'insert'))
}

const evaluateRemove: Evaluate = call => {
  checkMayWrite(call)
  const ref = call.ref('remove')
  const asked = { ts: call.micros('ts') ?? 0, action: actionOf(call) }
  removeEvent(call.query, ref, asked, placesOf(call, 'remove'))
  return null
}

/** A form that makes a schema document: the same as a `create` in its native collection. */
function createSchema(key: string, native: number): Evaluate {
  return call => {
    checkMayWrite(call)
    const parameters = call.object(key)
    return createDocument(
      call.query,
      nativeRef(call.query.database, native),
      undefined,
      parameters,
      placesOf(call, key),
    )
  }
}

const evaluateMoveDatabase: Evaluate = call => {
  checkMayWrite(call)
  const ref = call.schemaRef('move_database', 'database', 'Database Ref')
  const target = call.schemaRef('to', 'database', 'Database Ref')
  return moveDatabase(call.query, ref, target, { ...placesOf(call, 'move_database'), to: call.at('to') })
}

/** The forms of this file. */
export const writes = {
  create: evaluateCreate,
  update: change('update'),
  replace: change('replace'),
  delete: evaluateDelete,
  insert: evaluateInsert,
  remove: evaluateRemove,
  create_class: createSchema('create_class', COLLECTIONS),
  create_collection: createSchema('create_collection', COLLECTIONS),
  create_database: createSchema('create_database', DATABASES),
  create_index: createSchema('create_index', INDEXES),
  create_key: createSchema('create_key', KEYS),
  create_function: createSchema('create_function', FUNCTIONS),
  create_role: createSchema('create_role', ROLES),
  create_access_provider: createSchema('create_access_provider', ACCESS_PROVIDERS),
  move_database: evaluateMoveDatabase,
} satisfies Record<string, Evaluate>
