/** Forms about who asks: passwords, tokens, identities. */
import type { Call, Evaluate } from '../call.ts'
import { castSet, showVersion } from '../call.ts'
import { createDocument, deleteDocument } from '../documents.ts'
import { Failure, failure, wrongType } from '../failures.ts'
import { typeName } from '../kinds.ts'
import { nativeRef } from '../names.ts'
import { passwordOf } from '../passwords.ts'
import { KEYS, TOKENS } from '../native.ts'
import { firstDocument } from '../sets.ts'
import { checkMayWrite } from './writes.ts'
import { Ref, SetValue } from '../values.ts'
import type { Value } from '../values.ts'

/** The document that a ref or a set stands for, if there is one. */
function subjectOf(call: Call, value: Value, at: ReturnType<Call['at']>): Ref | undefined {
  if (value instanceof Ref) return value
  if (!(value instanceof SetValue)) return undefined
  const context = { frame: call.frame, evaluator: call.evaluator, at, formAt: call.position }
  return firstDocument(castSet(value, at), context)
}

const evaluateIdentify: Evaluate = call => {
  const subject = subjectOf(call, call.value('identify'), call.at('identify'))
  const password = call.string('password')
  return subject !== undefined && passwordOf(call.query, subject)?.matches(password) === true
}

const evaluateLogin: Evaluate = call => {
  checkMayWrite(call)
  const target = call.value('login')
  const isTarget = target instanceof Ref || target instanceof SetValue
  if (!isTarget) throw wrongType(call.at('login'), 'Ref or Set', typeName(target))
  const subject = subjectOf(call, target, call.at('login'))
  const parameters = call.object('params')
  const password = parameters.get('password')
  const isRight =
    subject !== undefined && typeof password === 'string' && passwordOf(call.query, subject)?.matches(password)
  if (subject === undefined || isRight !== true) {
    const description = 'The document was not found or provided password was incorrect.'
    throw failure(call.position, 'authentication failed', description)
  }
  const token = new Map([...parameters].filter(([key]) => key !== 'password')).set('instance', subject)
  const query = { ...call.query, access: unlimited(call) }
  return createDocument(query, nativeRef(query.database, TOKENS), undefined, token, {
    form: call.position,
    key: call.position,
    isPast: call.frame.readAt !== undefined,
  })
}

/** Who has the password may have a token, whatever the key may do. */
function unlimited(call: Call): Call['query']['access'] {
  return { ...call.query.access, allows: () => true, hasPredicate: () => false }
}

const evaluateLogout: Evaluate = call => {
  checkMayWrite(call)
  const all = call.boolean('logout')
  const { access, database, store } = call.query
  const { holder, identity } = access
  if (holder === undefined || holder.collection !== TOKENS) return false
  const query = { ...call.query, access: unlimited(call) }
  const places = { form: call.position, key: call.at('logout') }
  const tokens = all ? [...(database.collections.get(TOKENS)?.documents.keys() ?? [])] : [holder.id]
  for (const id of tokens) {
    const ref = new Ref(database.number, TOKENS, id)
    const instance = store.current(ref)?.fields.get('instance')
    if (instance instanceof Ref && identity?.equals(instance) === true) deleteDocument(query, ref, places)
  }
  return true
}

const evaluateCurrentIdentity: Evaluate = call => {
  const { identity } = call.query.access
  if (identity === undefined) throw call.fail('missing identity', 'Authentication does not contain an identity')
  return identity
}

/** The key of a secret, whoever asks; a token's secret is none. */
const evaluateKeyFromSecret: Evaluate = call => {
  const secret = call.string('key_from_secret')
  const { store, database } = call.query
  const holder = store.holderOf(secret)
  const version = holder?.collection === KEYS && holder.database === database.number ? store.current(holder) : undefined
  if (holder === undefined || version === undefined) {
    const description = `No key found for secret ${secret}.`
    throw new Failure([{ at: call.position, code: 'instance not found', description, status: 400 }])
  }
  return showVersion(call.query, holder, version)
}

const evaluateHasIdentity: Evaluate = call => call.query.access.identity !== undefined

/** The key or token of the request. A key that stands in another database than it is for is not told. */
function tokenOf({ query }: Call): Ref | undefined {
  const { holder } = query.access
  return holder?.collection === KEYS && holder.database !== query.database.number ? undefined : holder
}

const evaluateCurrentToken: Evaluate = call => {
  const token = tokenOf(call)
  if (token === undefined) throw call.fail('invalid token', 'Token metadata is not accessible.')
  return token
}

/** The forms of this file. */
export const identity = {
  identify: evaluateIdentify,
  login: evaluateLogin,
  logout: evaluateLogout,
  key_from_secret: evaluateKeyFromSecret,
  identity: evaluateCurrentIdentity,
  has_identity: evaluateHasIdentity,
  current_identity: evaluateCurrentIdentity,
  has_current_identity: evaluateHasIdentity,
  current_token: evaluateCurrentToken,
  has_current_token: call => tokenOf(call) !== undefined,
} satisfies Record<string, Evaluate>
