/** Passwords of documents: kept in the credentials collection, as salted hashes. */
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import type { Query } from './call.ts'
import { CREDENTIALS } from './native.ts'
import { Ref } from './values.ts'
import type { Value } from './values.ts'

/** The work of the hash: small, since this server is for development and tests. */
const SCRYPT_COST = 1024
const HASH_BYTES = 32
const SALT_BYTES = 16

/** The salted hash of a password, as `salt$hash`. */
function hashPassword(password: string): string {
  const salt = randomBytes(SALT_BYTES)
  return `${salt.toString('base64')}$${hash(password, salt).toString('base64')}`
}

function hash(password: string, salt: Buffer): Buffer {
  return scryptSync(password, salt, HASH_BYTES, { cost: SCRYPT_COST })
}

/** The credentials of a document. */
function* credentialsOf(query: Query, ref: Ref): Generator<Ref> {
  for (const id of query.database.collections.get(CREDENTIALS)?.documents.keys() ?? []) {
    const credentials = new Ref(query.database.number, CREDENTIALS, id)
    const instance = query.store.current(credentials)?.fields.get('instance')
    if (instance instanceof Ref && instance.equals(ref)) yield credentials
  }
}

/** Gives a document a password, in place of the one that it had. */
export function writePassword(query: Query, ref: Ref, password: string): void {
  const [credentials] = credentialsOf(query, ref)
  const fields = new Map<string, Value>([
    ['instance', ref],
    ['hashed_password', hashPassword(password)],
  ])
  const target = credentials ?? new Ref(query.database.number, CREDENTIALS, query.store.takeId())
  query.transaction.write(query.database, target, fields, credentials === undefined ? 'create' : 'update')
}

/** The password of a document, if it has one. */
export function passwordOf(query: Query, ref: Ref): { matches(password: string): boolean } | undefined {
  for (const credentials of credentialsOf(query, ref)) {
    const stored = query.store.current(credentials)?.fields.get('hashed_password')
    if (typeof stored !== 'string') continue
    const [salt = '', hashed = ''] = stored.split('$')
    return {
      matches: password => timingSafeEqual(hash(password, Buffer.from(salt, 'base64')), Buffer.from(hashed, 'base64')),
    }
  }
  return undefined
}
