/** Renderers of values as a database sees them: refs have the names that its schema gives them. */
import { Renderer } from './render.ts'
import type { RenderContext } from './render.ts'
import type { Store } from './store.ts'

/** A renderer for a database; where streams must not meet bytes, `onBytes` throws. */
export function rendererFor(store: Store, database: number, apiVersion: string, onBytes?: () => void): Renderer {
  const context: RenderContext = {
    database,
    apiVersion,
    nameOf: ref => store.nameOf(ref),
    refOfDatabase: number => {
      const found = store.database(number)
      return found && store.refOfDatabase(found)
    },
    ...(onBytes && { onBytes }),
  }
  return new Renderer(context)
}
