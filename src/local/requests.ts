/**
 * The requests that evaluate something: a query, and the opening of a stream (protocol.md B.1, C). They know values
 * and errors; the server above them knows paths and headers.
 */
import { errorsBody, protocolErrorBody, resultBody } from './answers.ts'
import { builtInAccess } from './built-in-roles.ts'
import type { Session } from './authentication.ts'
import type { Frame, Query } from './frame.ts'
import { undefinedRef } from './casts.ts'
import { Collection } from './database.ts'
import { Deadline } from './deadline.ts'
import { dialectOf } from './dialects.ts'
import type { Dialect } from './dialects.ts'
import { evaluator } from './evaluate.ts'
import { Failure, Fault, failure, statusOf } from './failures.ts'
import { documentKey } from './feed.ts'
import { indent } from './json-layout.ts'
import { JsonError, readJson } from './json.ts'
import type { Json } from './json.ts'
import { typeName } from './kinds.ts'
import { CREDENTIALS, FIRST_USER_COLLECTION, TOKENS } from './native.ts'
import { parseExpression } from './parse.ts'
import { rendererFor } from './renderers.ts'
import { finishBuilds } from './index-builds.ts'
import { findEntries } from './set-access.ts'
import type { Store } from './store.ts'
import { placeOf } from './indexing.ts'
import type { Index } from './indexing.ts'
import type { Commit, Transaction } from './transaction.ts'
import { tryLambda } from './trial.ts'
import { Ref, SetValue, UnresolvedRef, VersionValue } from './values.ts'
import type { Lambda, SetForm, Value } from './values.ts'

/** An answer: its body is indented where it must be whatever was asked for. */
export type Answer = {
  readonly status: number
  readonly body: string
  readonly txnTime: number
  readonly isIndented?: boolean
}

/** What a request is evaluated with. */
export type RequestContext = {
  readonly store: Store
  readonly session: Session
  readonly apiVersion: string
  /** The latest transaction that the client has seen, in microseconds. */
  readonly lastSeen: number
  /** How long the evaluation may take, in milliseconds. */
  readonly timeoutMs: number
}

/** What the evaluation of a request came to. */
export type Outcome<Result> = { readonly answer: Answer } | { readonly result: Result; readonly txnTime: number }

/** What a stream follows: the key under which it is told, and what is streamed. */
export type Subject = { readonly key: string; readonly isDocument: boolean; readonly resource: Ref }

/** What a request asks, read as part of it. */
export type ReadSource = (query: Query) => Value

/** Reads a body. Fails where there is none, or no JSON in it. */
export function readBody(body: Uint8Array | undefined): Json {
  if (body === undefined) throw failure(null, 'invalid expression', 'No query provided.')
  try {
    return readJson(body)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    const description = {
      syntax: 'Request body is not valid JSON.',
      nesting: 'Request body JSON exceeds nesting limit.',
    }[error.kind]
    throw failure(null, 'invalid expression', description)
  }
}

/** Runs something in a transaction: committed when it returns, undone when it throws. */
function transact<Result>(
  context: RequestContext,
  kind: Query['kind'],
  read: ReadSource,
  finish: (value: Value, frame: Frame) => Result,
): Outcome<{ result: Result; commit: Commit | undefined }> {
  const { store, session, apiVersion } = context
  finishBuilds(store)
  const transaction = store.begin(context.lastSeen)
  const query: Query = {
    store,
    database: session.database,
    transaction,
    access: session.access,
    apiVersion,
    kind,
    canWait: true,
    deadline: new Deadline(context.timeoutMs),
  }
  const frame: Frame = { query, scope: null, readAt: undefined, depth: 0 }
  try {
    const value = evaluator.run(parseExpression(read(query), query), frame)
    const result = finish(value, frame)
    return { result: { result, commit: transaction.commit() }, txnTime: transaction.commitTime ?? transaction.snapshot }
  } catch (error) {
    transaction.rollback()
    return { answer: answerTo(error, transaction, dialectOf(apiVersion)) }
  }
}

function answerTo(error: unknown, transaction: Transaction, dialect: Dialect): Answer {
  const txnTime = transaction.snapshot
  if (error instanceof Failure)
    return { status: statusOf(error.errors), body: errorsBody(error.errors, dialect), txnTime }
  if (error instanceof Fault) {
    return {
      status: error.status,
      body: indent(protocolErrorBody(error.code, error.message)),
      txnTime,
      isIndented: true,
    }
  }
  if (error instanceof RangeError) {
    return answerTo(
      failure(null, 'invalid expression', 'Request body JSON exceeds nesting limit.'),
      transaction,
      dialect,
    )
  }
  throw error
}

/** Answers a query, and says what it changed. */
export function answerQuery(
  context: RequestContext,
  read: ReadSource,
  kind: 'query' | 'get' = 'query',
): { answer: Answer; commit: Commit | undefined } {
  const outcome = transact(context, kind, read, value => value)
  if ('answer' in outcome) return { answer: outcome.answer, commit: undefined }
  const { result: value, commit } = outcome.result
  const renderer = rendererFor(context.store, context.session.database.number, context.apiVersion)
  const status = value instanceof VersionValue && value.isCreated ? 201 : 200
  return { answer: { status, body: resultBody(value, renderer), txnTime: outcome.txnTime }, commit }
}

function notStreamable(value: Value): Failure {
  const description = `Expected a Document Ref or Version, or a Set Ref, got ${typeName(value)}.`
  return failure(null, 'invalid argument', description)
}

function isStreamableCollection(number: number): boolean {
  return number >= FIRST_USER_COLLECTION || number === TOKENS || number === CREDENTIALS
}

function subjectOfSet(value: SetValue, form: SetForm, frame: Frame): Subject {
  if (form.kind !== 'match' && form.kind !== 'documents') throw notStreamable(value)
  if (form.kind === 'documents' && !isStreamableCollection(Number(form.collection.id))) throw notStreamable(value)
  const { owner } = findEntries(form, { frame, evaluator, at: null, formAt: null })
  if (owner instanceof Collection) return { key: owner.set.key, isDocument: false, resource: owner.collectionRef }
  const index = owner as Index
  const terms = form.kind === 'match' ? form.terms : []
  return { key: placeOf(index, terms).key, isDocument: false, resource: index.ref }
}

function subjectOf(value: Value, frame: Frame): Subject {
  if (value instanceof SetValue) return subjectOfSet(value, value.form, frame)
  if (value instanceof UnresolvedRef) throw undefinedRef(value, null)
  const ref = value instanceof VersionValue ? value.ref : value
  if (!(ref instanceof Ref) || ref.collection < FIRST_USER_COLLECTION) throw notStreamable(value)
  return { key: documentKey(ref), isDocument: true, resource: ref }
}

/** Finds out what a stream is to follow; an answer where it cannot be opened. */
export function findSubject(context: RequestContext, body: Uint8Array | undefined): Outcome<Subject> {
  const outcome = transact(context, 'stream', () => readBody(body), subjectOf)
  return 'answer' in outcome ? outcome : { result: outcome.result.result, txnTime: outcome.txnTime }
}

/** Computes a binding of an index for a document, or what else an index has to compute: undefined where it fails. */
export function computeBinding(store: Store, lambda: Lambda, argument: Value, number: number): Value | undefined {
  const database = store.database(number) ?? store.root
  return tryLambda(store, database, builtInAccess(store, database, 'admin', undefined), lambda, argument)
}
