/** Forms about who asks: passwords, tokens, identities. */
import { builtInAccess } from '../built-in-roles.ts'
import { showVersion } from '../frame.ts'
import type { Query } from '../frame.ts'
import type { Call, Evaluate } from '../call.ts'
import { createDocument } from '../documents.ts'
import type { Database } from '../database.ts'
import { failure, invalidData, permissionDenied, serverFault } from '../failures.ts'
import type { LiveVersion } from '../history.ts'
import { nativeRef } from '../names.ts'
import { FIRST_USER_COLLECTION, KEYS, ROLES, TOKENS } from '../native.ts'
import { passwordOf } from '../passwords.ts'
import { canRead } from '../set-access.ts'
import { firstDocument } from '../sets.ts'
import { wrongStoredType } from '../stored.ts'
import type { Transaction } from '../transaction.ts'
import { Ref } from '../values.ts'
import type { ObjectValue, SetForm, Value } from '../values.ts'
import type { Position } from '../position.ts'
import { isReadable } from './reads.ts'
import { checkMayWrite } from './writes.ts'

/** The document that a ref or a set stands for, if there is one; passwords are never those of the past. */
function subjectOf(call: Call, key: 'identify' | 'login', given: Ref | SetForm): Ref | undefined {
  if (given instanceof Ref) return given
  return firstDocument(given, call.setContext(key, { ...call.frame, readAt: undefined }))
}

const evaluateIdentify: Evaluate = call => {
  const given = call.refOrSet('identify')
  const password = call.string('password')
  const subject = subjectOf(call, 'identify', given)
  return subject !== undefined && passwordOf(call.query, subject)?.matches(password) === true
}

/** The password of a `login`. Fails as a document does where it is no string. */
function passwordIn(parameters: ObjectValue, at: Position): string | undefined {
  const password = parameters.get('password') ?? undefined
  if (password === undefined || typeof password === 'string') return password
  throw invalidData(at, [wrongStoredType(['password'], password, 'String')])
}

const evaluateLogin: Evaluate = call => {
  checkMayWrite(call)
  const given = call.refOrSet('login')
  const parameters = call.object('params')
  const subject = subjectOf(call, 'login', given)
  const credentials = subject && passwordOf(call.query, subject)
  const password = credentials && passwordIn(parameters, call.position)
  if (subject === undefined || password === undefined || credentials?.matches(password) !== true) {
    const description = 'The document was not found or provided password was incorrect.'
    throw failure(call.position, 'authentication failed', description)
  }
  const { query } = call
  // Who has the password may have a token, whatever the key may do.
  const access = builtInAccess(query.store, query.database, 'server', query.access.holder)
  const token = new Map([...parameters].filter(([key]) => key !== 'password')).set('instance', subject)
  const places = { form: call.position, key: call.position, isPast: call.frame.readAt !== undefined }
  return createDocument({ ...query, access }, nativeRef(query.database, TOKENS), undefined, token, places)
}

/** The token of the request, or all of its document. */
function tokensToEnd({ access, database, transaction }: Query, isAll: boolean): Ref[] {
  const { holder, identity } = access
  if (!isAll) return holder?.collection === TOKENS ? [holder] : []
  const tokens = [...(database.collections.get(TOKENS)?.documents.keys() ?? [])].map(
    id => new Ref(database.number, TOKENS, id),
  )
  // It looks at the time of the snapshot: tokens that the transaction made itself stay.
  return tokens.filter(token => {
    const instance = transaction.readCached(database, token)?.fields.get('instance')
    return instance instanceof Ref && identity?.equals(instance) === true
  })
}

const evaluateLogout: Evaluate = call => {
  checkMayWrite(call)
  const isAll = call.boolean('logout')
  const { query } = call
  const { holder, identity } = query.access
  if (isAll ? identity === undefined : holder?.collection !== TOKENS) return false
  for (const token of tokensToEnd(query, isAll)) {
    if (query.store.current(token) !== undefined) query.transaction.write(query.database, token, null, 'delete')
  }
  return true
}

function identityOf(call: Call): Ref | undefined {
  call.nothing(call.form.name)
  return call.query.access.identity
}

const evaluateCurrentIdentity: Evaluate = call => {
  const identity = identityOf(call)
  if (identity === undefined) throw call.fail('missing identity', 'Authentication does not contain an identity')
  return identity
}

const evaluateHasIdentity: Evaluate = call => identityOf(call) !== undefined

/** The key or token of the request; a key of another database is not to be seen. */
function tokenOf(call: Call): Ref | undefined {
  call.nothing(call.form.name)
  const { access, database } = call.query
  return access.holder?.database === database.number ? access.holder : undefined
}

const evaluateCurrentToken: Evaluate = call => {
  const token = tokenOf(call)
  if (token === undefined) throw call.fail('invalid token', 'Token metadata is not accessible.')
  return token
}

/** Whether a key still lets anybody in: what it stands for, or is for, has to be there. */
function isInUse({ store }: Query, { fields }: LiveVersion): boolean {
  const target = fields.get('instance') ?? fields.get('database')
  return !(target instanceof Ref) || store.current(target) !== undefined
}

/** Secrets are looked up beside the transaction: those that it gave out itself are not found. */
function wasThere(transaction: Transaction, database: Database | undefined, holder: Ref | undefined): boolean {
  return holder !== undefined && database !== undefined && transaction.readCached(database, holder) !== undefined
}

/** The key or token of a secret that lets somebody in, where its reader may see it. */
const evaluateKeyFromSecret: Evaluate = call => {
  const secret = call.string('key_from_secret')
  const { store, transaction } = call.query
  const holder = store.holderOf(secret)
  const database = holder && store.database(holder.database)
  const version = holder && store.current(holder)
  const isThere = version !== undefined && isInUse(call.query, version) && wasThere(transaction, database, holder)
  if (!isThere || holder === undefined || !canRead(holder, call.frame)) {
    const description = `No key found for secret ${secret}.`
    throw failure(call.position, 'instance not found', description, { status: 400 })
  }
  return showVersion(call.query, holder, version)
}

/** How long a web token may last, in seconds. */
const JWT_SECONDS = { min: 10n, max: 7200n }

/** Who may give out web tokens: keys of these roles whatever their scope is, and the root secret. */
const jwtRoles: readonly Value[] = ['admin', 'server']

function mayIssueJwt({ access, store }: Query): boolean {
  const { holder } = access
  if (holder === undefined) return true
  return holder.collection === KEYS && jwtRoles.includes(store.current(holder)?.fields.get('role') ?? null)
}

/** A web token for a document or a role. All is checked; then a server without a key to sign with fails, as this one. */
const evaluateIssueJwt: Evaluate = call => {
  checkMayWrite(call)
  const ref = call.ref('issue_access_jwt')
  const seconds = call.has('expire_in') ? call.integer('expire_in') : JWT_SECONDS.max
  if (seconds < JWT_SECONDS.min || seconds > JWT_SECONDS.max) {
    throw call.failAt('expire_in', `expire in must be >= ${JWT_SECONDS.min} and <= ${JWT_SECONDS.max}`)
  }
  if (!mayIssueJwt(call.query)) throw permissionDenied(call.position)
  const isSubject = ref.collection === ROLES || (ref.collection >= FIRST_USER_COLLECTION && isReadable(ref, call.frame))
  if (!isSubject) throw call.fail('invalid scope', 'Issuing JWT for an invalid scope')
  throw serverFault('fauna.net.security.JWKNotConfigured: JWK not configured')
}

/** The forms of this file. */
export const identity = {
  identify: evaluateIdentify,
  login: evaluateLogin,
  logout: evaluateLogout,
  key_from_secret: evaluateKeyFromSecret,
  issue_access_jwt: evaluateIssueJwt,
  identity: evaluateCurrentIdentity,
  has_identity: evaluateHasIdentity,
  current_identity: evaluateCurrentIdentity,
  has_current_identity: evaluateHasIdentity,
  current_token: evaluateCurrentToken,
  has_current_token: call => tokenOf(call) !== undefined,
} satisfies Record<string, Evaluate>
