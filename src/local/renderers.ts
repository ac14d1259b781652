/** Renderers of values as a database sees them: refs have the names that its schema gives them. */
import { Renderer } from './render.ts'
import type { RenderContext } from './render.ts'
import type { Store } from './store.ts'

/** What is not the same for all that is rendered. */
type Options = Pick<RenderContext, 'onBytes' | 'timeOf'>

/** A renderer for a database. */
export function rendererFor(store: Store, database: number, apiVersion: string, options: Options = {}): Renderer {
  const context: RenderContext = {
    database,
    apiVersion,
    nameOf: ref => store.nameOf(ref),
    refOfDatabase: number => {
      const found = store.database(number)
      return found && store.refOfDatabase(found)
    },
    ...options,
  }
  return new Renderer(context)
}
