// Secrets: how a request names one, what a scope behind it asks for, and how new ones look. protocol.md A.7.
import { createHmac, randomBytes } from 'node:crypto'
import { parseBase64 } from './bytes.ts'

/** What a key's rights are narrowed to; `database` is the path below the key's own. */
export type Scope = {
  database?: string[]
  role?: BuiltinRole
  customRole?: string
  document?: { collection: string; id: string }
}

/** Who a request says it is: a secret, and the scope written behind it. */
export type Credential = { secret: string; scope?: Scope }

type BuiltinRole = 'admin' | 'server' | 'server-readonly' | 'client'

const SECRET = /^[^/,()&=:]+/
const DATABASE = /^([^,()&=:]+):/

/** How a scope goes on behind the database; the first that fits counts. */
const SCOPES: readonly (readonly [form: RegExp, read: (name: string) => Scope])[] = [
  [/^(admin|server-readonly|server|client)/, name => ({ role: name as BuiltinRole })],
  [/^@role\/([^,()&=:]+)/, name => ({ customRole: name })],
  [/^(?:classes|collections)\/([^,()&=:]+)/, name => ({ document: splitDocument(name) })],
  [/^@doc\/([^,()&=:]+)/, name => ({ document: splitDocument(name) })],
]

/** A web token begins with the base64 of `{"`, and its parts are joined by points. */
const WEB_TOKEN = /^Bearer\s+ey[^]*\./

/**
 * Reads an `Authorization` header: `Bearer` and a credential, or `Basic` and its base64, both names case-sensitive.
 * Undefined where there is no credential. What stands behind a secret and is no scope is ignored, unless it begins like
 * one (`:serverx`): that is no credential either.
 */
export function parseAuthorization(header: string | undefined): Credential | undefined {
  const credential = readCredential(header) ?? ''
  const secret = SECRET.exec(credential)?.[0]
  if (secret === undefined) return undefined
  if (secret.length === credential.length) return { secret }
  if (credential[secret.length] !== ':') return undefined
  return readScope(secret, credential.slice(secret.length + 1))
}

/** Whether a header carries a web token (JWT): the real server fails on one that it cannot read (protocol.md A.7). */
export function isWebToken(header: string | undefined): boolean {
  return WEB_TOKEN.test(header ?? '')
}

const KEY_HEAD = [126, 112]
const TOKEN_HEAD = [126, 113]
const RANDOM_BYTES = 20

/** Makes the secret of a new key, `fn…`: its id and 20 random bytes, as URL-safe base64. */
export function makeKeySecret(id: bigint): string {
  return encodeSecret(KEY_HEAD, id)
}

/** Whether a text is a secret that was made for the key with this id. */
export function isKeySecret(secret: string, id: bigint): boolean {
  const bytes = Buffer.from(secret, 'base64url')
  const head = Buffer.from(encodeSecret(KEY_HEAD, id), 'base64url')
  return bytes.length === head.length && bytes.subarray(0, -RANDOM_BYTES).equals(head.subarray(0, -RANDOM_BYTES))
}

/** Makes the secret of a new token, `fn…`: its id, the global id of its database and 20 random bytes. */
export function makeTokenSecret(id: bigint, scope: bigint): string {
  return encodeSecret(TOKEN_HEAD, id, scope)
}

const BCRYPT_ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const BASE64_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const SALT_BYTES = 16
const HASH_BYTES = 23

/**
 * Makes a text in the shape of the hash that a key shows: `$2a$05$` and 53 characters, another one each time. It is a
 * salted SHA-512, not bcrypt: secrets of this server are random, and nothing checks them against the text.
 */
export function hashSecret(secret: string): string {
  const salt = randomBytes(SALT_BYTES)
  const hash = createHmac('sha512', salt).update(secret).digest().subarray(0, HASH_BYTES)
  return `$2a$05$${encodeBcrypt(salt)}${encodeBcrypt(hash)}`
}

function readCredential(header: string | undefined): string | undefined {
  const [, scheme, rest = ''] = /^(\S+)\s+([^]*)$/.exec(header ?? '') ?? []
  if (scheme === 'Bearer') return rest
  if (scheme !== 'Basic') return undefined
  const encoded = removeColon(rest)
  const bytes = /[-_]/.test(encoded) ? undefined : parseBase64(encoded)
  return bytes && removeColon(Buffer.from(bytes).toString().trim())
}

function removeColon(text: string): string {
  return text.endsWith(':') ? text.slice(0, -1) : text
}

/** `text` is what follows the colon behind the secret. */
function readScope(secret: string, text: string): Credential | undefined {
  const [prefix = '', database] = DATABASE.exec(text) ?? []
  const rest = text.slice(prefix.length)
  for (const [form, read] of SCOPES) {
    const [match, name] = form.exec(rest) ?? []
    if (match === undefined || name === undefined) continue
    if (match.length < rest.length) return undefined
    return { secret, scope: { ...read(name), ...(database !== undefined && { database: splitPath(database) }) } }
  }
  return { secret }
}

/** Empty names at the end do not count (Java's `split`). */
function splitPath(path: string): string[] {
  const names = path.replace(/\/+$/, '')
  return names === '' ? [] : names.split('/')
}

function splitDocument(name: string): { collection: string; id: string } {
  const [collection = '', ...id] = name.split('/')
  return { collection, id: id.join('/') }
}

function encodeSecret(head: readonly number[], ...ids: bigint[]): string {
  const numbers = ids.map(id => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64BE(BigInt.asIntN(64, id))
    return bytes
  })
  return Buffer.concat([Buffer.from(head), ...numbers, randomBytes(RANDOM_BYTES)]).toString('base64url')
}

/** Bytes in the alphabet of bcrypt, which is base64 in another order. */
export function encodeBcrypt(bytes: Buffer): string {
  const digits = bytes.toString('base64').replaceAll('=', '')
  return digits.replaceAll(/./g, digit => BCRYPT_ALPHABET.charAt(BASE64_ALPHABET.indexOf(digit)))
}
