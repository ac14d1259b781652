/** A new and empty store, with what it asks of the rooms above it. */
import { accessOfRole } from './authentication.ts'
import { computeBinding } from './requests.ts'
import { Store } from './store.ts'

/** How a store behaves: whether the faults of the real server are repeated, and milliseconds since the epoch. */
export type NewStoreOptions = { readonly quirks: boolean; readonly now?: () => number }

/** Makes an empty store. */
export function makeStore({ quirks, now }: NewStoreOptions): Store {
  const store: Store = new Store({
    hasQuirks: quirks,
    computeBinding: (lambda, argument, database) => computeBinding(store, lambda, argument, database),
    accessOfRole: (...role) => accessOfRole(store, ...role),
    ...(now && { now }),
  })
  return store
}
