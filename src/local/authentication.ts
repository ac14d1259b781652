/**
 * Who a secret belongs to, and what that key or token may do (protocol.md A.7).
 */
import type { Access, Privilege } from './access.ts'
import type { Database } from './database.ts'
import { COLLECTIONS, DATABASES, KEYS, ROLES, ACCESS_PROVIDERS } from './native.ts'
import type { Store } from './store.ts'
import { Ref } from './values.ts'

/** Someone who was let in. */
export type Session = {
  readonly database: Database
  readonly access: Access
  /** A text that changes whenever the rights do: a stream that was opened under another one has lost its right. */
  readonly fingerprint: () => string | undefined
}

/** The roles that are built in. */
export type BuiltInRole = 'admin' | 'server' | 'server-readonly' | 'client'

const builtInRoles: readonly string[] = ['admin', 'server', 'server-readonly', 'client'] satisfies BuiltInRole[]

/** What only an admin may touch. */
const adminCollections: ReadonlySet<number> = new Set([DATABASES, KEYS, ROLES, ACCESS_PROVIDERS])
const readPrivileges: ReadonlySet<Privilege> = new Set<Privilege>(['read', 'history_read'])

function isAdminOnly(resource: Ref): boolean {
  return resource.collection === COLLECTIONS && adminCollections.has(Number(resource.id))
}

/** Nobody has "unrestricted read": documents are asked for one by one (protocol.md A.7). */
const builtInRights: Readonly<Record<BuiltInRole, (privilege: Privilege, resource: Ref) => boolean>> = {
  admin: privilege => privilege !== 'unrestricted_read',
  server: (privilege, resource) => privilege !== 'unrestricted_read' && !isAdminOnly(resource),
  'server-readonly': (privilege, resource) => readPrivileges.has(privilege) && !isAdminOnly(resource),
  client: () => false,
}

/** The rights of a built-in role. */
export function builtInAccess(role: BuiltInRole, holder: Ref | undefined): Access {
  return {
    allows: builtInRights[role],
    hasPredicate: () => false,
    identity: undefined,
    holder,
  }
}

/** Finds out who is asking. */
export class Authenticator {
  readonly #store: Store
  readonly #rootSecret: string

  constructor(store: Store, rootSecret: string) {
    this.#store = store
    this.#rootSecret = rootSecret
  }

  /** The session of a secret; undefined where nobody has it. */
  authenticate(secret: string): Session | undefined {
    if (secret === this.#rootSecret) {
      return { database: this.#store.root, access: builtInAccess('admin', undefined), fingerprint: () => 'root' }
    }
    const holder = this.#store.holderOf(secret)
    const key = holder && this.#store.current(holder)
    if (holder === undefined || key === undefined || holder.collection !== KEYS) return undefined
    const role = key.fields.get('role')
    const database = this.#databaseOf(holder, key.fields.get('database'))
    if (database === undefined || typeof role !== 'string' || !builtInRoles.includes(role)) return undefined
    return {
      database,
      access: builtInAccess(role as BuiltInRole, holder),
      fingerprint: () => (this.#store.current(holder)?.fields.get('role') === role ? role : undefined),
    }
  }

  #databaseOf(holder: Ref, scope: unknown): Database | undefined {
    return this.#store.database(scope instanceof Ref ? Number(scope.id) : holder.database)
  }
}
