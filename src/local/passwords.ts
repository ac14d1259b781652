/**
 * Passwords of documents: kept in the credentials collection, as salted hashes. Who may set one without knowing the
 * one before depends on the key (protocol.md E.3, E.7).
 */
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import type { Access } from './access.ts'
import type { Query } from './frame.ts'
import type { FieldFailure } from './failures.ts'
import { CREDENTIALS } from './native.ts'
import { encodeBcrypt } from './secrets.ts'
import { wrongStoredType } from './stored.ts'
import { Ref } from './values.ts'
import type { ObjectValue, Value } from './values.ts'

/** The work of the hash: small, since this server is for development and tests. */
const SCRYPT_COST = 1024
const HASH_BYTES = 23
const SALT_BYTES = 16
/** A hash looks like one of bcrypt: this, 22 letters of salt, and 31 of hash. */
const HASH_HEAD = '$2a$05$'
const SALT_LENGTH = 22

/** The salted hash of a password. It is made by scrypt: a hash of bcrypt from elsewhere matches no password here. */
function hashPassword(password: string, salt = encodeBcrypt(randomBytes(SALT_BYTES))): string {
  return HASH_HEAD + salt + encodeBcrypt(scryptSync(password, salt, HASH_BYTES, { cost: SCRYPT_COST }))
}

function isPasswordOf(hashed: Value | undefined, password: string): boolean {
  if (typeof hashed !== 'string') return false
  const salt = hashed.slice(HASH_HEAD.length, HASH_HEAD.length + SALT_LENGTH)
  const given = Buffer.from(hashPassword(password, salt))
  return given.length === hashed.length && timingSafeEqual(given, Buffer.from(hashed))
}

/** The credentials of a document; a document has one of them at most. */
export function findCredentials(query: Pick<Query, 'store'>, instance: Ref): Ref | undefined {
  for (const id of query.store.database(instance.database)?.collections.get(CREDENTIALS)?.documents.keys() ?? []) {
    const credentials = new Ref(instance.database, CREDENTIALS, id)
    const owner = query.store.current(credentials)?.fields.get('instance')
    if (owner instanceof Ref && owner.equals(instance)) return credentials
  }
  return undefined
}

/** Gives a document a password by its hash, in place of the one that it had. */
export function writePassword(query: Query, instance: Ref, hash: string): void {
  const credentials = findCredentials(query, instance)
  const fields: ObjectValue = new Map(credentials && query.store.current(credentials)?.fields)
  fields.set('hashed_password', hash).set('instance', instance)
  const target = credentials ?? new Ref(query.database.number, CREDENTIALS, query.store.takeId())
  query.transaction.write(query.database, target, fields, credentials === undefined ? 'create' : 'update')
}

/** The password of a document, if it has one. */
export function passwordOf(query: Query, instance: Ref): { matches(password: string): boolean } | undefined {
  const credentials = findCredentials(query, instance)
  if (credentials === undefined) return undefined
  const hashed = query.store.current(credentials)?.fields.get('hashed_password')
  return { matches: password => isPasswordOf(hashed, password) }
}

/** What becomes of a password: its new hash, if there is one, and what is wrong with what was given. */
export type PasswordChange = { readonly hash: string | undefined; readonly failures: readonly FieldFailure[] }

/** Who sets passwords as it likes, their hashes too; others are to know the one before. */
export function setsPasswords({ role }: Access): boolean {
  return role === 'server' || role === 'server-readonly'
}

/** The second field that each kind of key may say, beside the password. */
function fieldsFor(access: Access): readonly [password: string, other: string] {
  return ['password', setsPasswords(access) ? 'hashed_password' : 'current_password']
}

/** Reads the change of a password from parameters at a path; `stored` is the hash as it is. */
export function readPasswordChange(
  access: Access,
  given: Value | undefined,
  path: readonly string[],
  stored?: Value,
): PasswordChange {
  const names = fieldsFor(access)
  if (given === undefined || given === null) return { hash: undefined, failures: [] }
  if (!(given instanceof Map)) {
    return { hash: undefined, failures: names.map(name => wrongStoredType([...path, name], given, 'Map')) }
  }
  const [password, other] = names.map(name => given.get(name) ?? undefined)
  const failures = names.flatMap((name, i) => {
    const value = [password, other][i]
    return value === undefined || typeof value === 'string' ? [] : [wrongStoredType([...path, name], value, 'String')]
  })
  if (failures.length > 0) return { hash: undefined, failures }
  if (setsPasswords(access)) {
    return { hash: typeof password === 'string' ? hashPassword(password) : (other as string | undefined), failures }
  }
  if (typeof password !== 'string') return { hash: undefined, failures }
  const isKnown = typeof stored !== 'string' || (typeof other === 'string' && isPasswordOf(stored, other))
  if (isKnown) return { hash: hashPassword(password), failures }
  const field = [...path, 'current_password']
  const description = `Invalid password at \`${field.join('.')}\`.`
  return { hash: undefined, failures: [{ field, code: 'invalid password', description }] }
}
