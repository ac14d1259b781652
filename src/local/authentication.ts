/**
 * Who a secret belongs to, and what that key or token may do, with the scope that was written behind it (protocol.md
 * A.7).
 */
import type { Access, ReadRole } from './access.ts'
import { builtInAccess, isBuiltIn } from './built-in-roles.ts'
import { canonicalKey } from './equality.ts'
import type { Database } from './database.ts'
import { findSchema } from './names.ts'
import { COLLECTIONS, CREDENTIALS, DATABASES, KEYS, TOKENS } from './native.ts'
import { customRoles, describeRoles, roleAccess, rolesOfMember } from './roles.ts'
import type { Credential, Scope } from './secrets.ts'
import type { Store } from './store.ts'
import { Ref } from './values.ts'
import type { Value } from './values.ts'

/** Someone who was let in. */
export type Session = {
  readonly database: Database
  readonly access: Access
  /**
   * What the rights are made of, as a text; undefined once the key is gone. A stream that was opened under another
   * text has lost its right, even if the new rights are wider.
   */
  readonly fingerprint: () => string | undefined
}

/**
 * The rights of a role, built in or not, for someone who already is somebody. The root secret keeps its own (`RootAuth`
 * in MODEL/auth/Auth.scala).
 */
export function accessOfRole(
  store: Store,
  database: Database,
  role: Value,
  caller: Access,
  readRole: ReadRole,
): Access {
  const { identity, holder, isRoot } = caller
  if (isRoot === true) return caller
  if (isBuiltIn(role)) return { ...builtInAccess(store, database, role, holder), identity }
  return roleAccess(store, database, customRoles(database, role), identity, holder, readRole)
}

/** A token reads its own credentials and tokens, and deletes its tokens. */
function withOwnDocuments(access: Access, store: Store, identity: Ref): Access {
  const isOwn = (resource: Ref, document: Value | undefined): boolean => {
    const kept = Number(resource.id)
    if (resource.collection !== COLLECTIONS || (kept !== TOKENS && kept !== CREDENTIALS)) return false
    const instance = document instanceof Ref ? store.current(document)?.fields.get('instance') : undefined
    return instance instanceof Ref && instance.equals(identity)
  }
  return {
    ...access,
    allows: (privilege, resource, parameters) =>
      access.allows(privilege, resource, parameters) ||
      ((privilege === 'read' || (privilege === 'delete' && Number(resource.id) === TOKENS)) &&
        isOwn(resource, parameters[0])),
  }
}

/** A key, and the database that it is for; the root secret is a key that no document tells of. */
type FoundKey = { readonly database: Database; readonly role: Value; readonly holder: Ref | undefined }

/** Finds out who is asking. */
export class Authenticator {
  readonly #store: Store
  readonly #rootSecret: string

  constructor(store: Store, rootSecret: string) {
    this.#store = store
    this.#rootSecret = rootSecret
  }

  /** The session of a credential; undefined where nobody has it, or its scope is not allowed. */
  authenticate({ secret, scope }: Credential): Session | undefined {
    if (secret === this.#rootSecret) {
      const { root } = this.#store
      if (scope !== undefined) return this.#narrow({ database: root, role: 'admin', holder: undefined }, scope)
      return this.#open(root, { ...builtInAccess(this.#store, root, 'admin', undefined), isRoot: true })
    }
    const holder = this.#store.holderOf(secret)
    if (holder?.collection === KEYS) return this.#keySession(this.#findKey(holder), scope)
    return holder?.collection === TOKENS ? this.#tokenSession(holder) : undefined
  }

  #findKey(holder: Ref): FoundKey | undefined {
    const key = this.#store.current(holder)?.fields
    const role = key?.get('role')
    const target = key?.get('database')
    const database = this.#store.database(target instanceof Ref ? Number(target.id) : holder.database)
    return role === undefined || database === undefined ? undefined : { database, role, holder }
  }

  #keySession(key: FoundKey | undefined, scope: Scope | undefined): Session | undefined {
    if (key === undefined) return undefined
    const { database, role, holder } = key
    if (scope !== undefined) return this.#narrow(key, scope)
    const access = isBuiltIn(role)
      ? builtInAccess(this.#store, database, role, holder)
      : roleAccess(this.#store, database, customRoles(database, role), undefined, holder)
    return this.#open(database, access)
  }

  /** What a scope leaves of the rights of a key with a role; only admins may have any of their choice. */
  #narrow({ database: own, role, holder }: FoundKey, scope: Scope): Session | undefined {
    const path = scope.database ?? []
    const isAllowed = role === 'admin' || (role === 'server' && scope.document !== undefined && path.length === 0)
    const database = isAllowed ? this.#descend(own, path) : undefined
    const access = database && this.#scopedAccess(database, scope, holder)
    return database && access && this.#open(database, access)
  }

  /** A session is what it was while its key or token is, and the roles of its rights are. */
  #open(database: Database, access: Access): Session {
    const fingerprint = (): string | undefined => {
      const { holder } = access
      const fields = holder && this.#store.current(holder)?.fields
      if (holder !== undefined && fields === undefined) return undefined
      const own = ['role', 'database', 'instance', 'ttl', 'priority', 'hashed_secret'].map(
        name => fields?.get(name) ?? null,
      )
      return `${canonicalKey(own)} ${describeRoles(this.#store, access.roles)}`
    }
    return { database, access, fingerprint }
  }

  #scopedAccess(database: Database, scope: Scope, holder: Ref | undefined): Access | undefined {
    if (scope.document !== undefined) return this.#documentAccess(database, scope.document, holder)
    if (scope.customRole === undefined) return builtInAccess(this.#store, database, scope.role ?? 'admin', holder)
    const roles = customRoles(database, scope.customRole)
    return roles.length === 0 ? undefined : roleAccess(this.#store, database, roles, undefined, holder)
  }

  #documentAccess(
    database: Database,
    document: NonNullable<Scope['document']>,
    holder: Ref | undefined,
  ): Access | undefined {
    const collection = findSchema(database, 'collection', document.collection)
    if (!(collection instanceof Ref) || !/^\d+$/.test(document.id)) return undefined
    const identity = new Ref(database.number, Number(collection.id), BigInt(document.id))
    return this.#store.current(identity) && this.#memberAccess(database, identity, holder)
  }

  /** The database at the end of a path of names below another one. */
  #descend(from: Database, path: readonly string[]): Database | undefined {
    let database: Database | undefined = from
    for (const name of path) {
      const id: bigint | undefined = database?.findName(DATABASES, name)
      database = id === undefined ? undefined : this.#store.database(Number(id))
    }
    return database
  }

  #tokenSession(holder: Ref): Session | undefined {
    const database = this.#store.database(holder.database)
    const identity = this.#store.current(holder)?.fields.get('instance')
    if (database === undefined || !(identity instanceof Ref)) return undefined
    if (this.#store.current(identity) === undefined) return undefined
    return this.#open(database, this.#memberAccess(database, identity, holder))
  }

  #memberAccess(database: Database, identity: Ref, holder: Ref | undefined): Access {
    const roles = rolesOfMember(this.#store, database, identity, holder)
    return withOwnDocuments(roleAccess(this.#store, database, roles, identity, holder), this.#store, identity)
  }
}
