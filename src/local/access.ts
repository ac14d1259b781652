/**
 * What the holder of a secret may do. Whoever evaluates asks here; nothing else knows about roles.
 */
import type { LiveVersion } from './history.ts'
import type { Ref, Value } from './values.ts'

/** What a role can grant on a collection, an index or a function (protocol.md E.7). */
export type Privilege =
  | 'read'
  | 'write'
  | 'create'
  | 'create_with_id'
  | 'delete'
  | 'history_read'
  | 'history_write'
  | 'unrestricted_read'
  | 'call'

/** The roles that are there from the beginning. */
export type BuiltInRole = 'admin' | 'server' | 'server-readonly' | 'client'

/** The rights of one request. */
export interface Access {
  /**
   * Whether something may be done. `resource` is the collection, index or function; the arguments are those that a
   * predicate gets: the ref for `read`, old and new data for `write`, the terms for an index, and so on.
   */
  allows(privilege: Privilege, resource: Ref, parameters: readonly Value[]): boolean
  /** Whether a right hangs on a predicate, so that its answer may be another one later. */
  hasPredicate(privilege: Privilege, resource: Ref): boolean
  /** The role, where it is one that is there from the beginning. */
  readonly role: BuiltInRole | undefined
  /** The roles of users that it is made of. */
  readonly roles: readonly Ref[]
  /** The document that a token stands for. */
  readonly identity: Ref | undefined
  /** The key or token of the request; undefined for the root secret. */
  readonly holder: Ref | undefined
  /** Whether it is the root secret itself, without a scope: its rights stay what they are inside of any function. */
  readonly isRoot?: boolean
}

/** Reads a role as it counts for who asks. */
export type ReadRole = (role: Ref) => LiveVersion | undefined
