/** Passwords of documents: kept in the credentials collection, as salted hashes. */
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import type { Query } from './call.ts'
import { CREDENTIALS } from './native.ts'
import { Ref } from './values.ts'

/** The work of the hash: small, since this server is for development and tests. */
const SCRYPT_COST = 1024
const HASH_BYTES = 32
const SALT_BYTES = 16

/** The salted hash of a password, as `salt$hash`. */
export function hashPassword(password: string): string {
  const salt = randomBytes(SALT_BYTES)
  return `${salt.toString('base64')}$${hash(password, salt).toString('base64')}`
}

function hash(password: string, salt: Buffer): Buffer {
  return scryptSync(password, salt, HASH_BYTES, { cost: SCRYPT_COST })
}

/** The password of a document, if it has one. */
export function passwordOf(query: Query, ref: Ref): { matches(password: string): boolean } | undefined {
  const documents = query.database.collections.get(CREDENTIALS)?.documents ?? new Map<bigint, never>()
  for (const id of documents.keys()) {
    const fields = query.store.current(new Ref(query.database.number, CREDENTIALS, id))?.fields
    const instance = fields?.get('instance')
    const stored = fields?.get('hashed_password')
    if (!(instance instanceof Ref) || !instance.equals(ref) || typeof stored !== 'string') continue
    const [salt = '', hashed = ''] = stored.split('$')
    return {
      matches: password => timingSafeEqual(hash(password, Buffer.from(salt, 'base64')), Buffer.from(hashed, 'base64')),
    }
  }
  return undefined
}
