/** Places in a request: errors are told with them (protocol.md C.2). */

/** A place in a request: the path of keys and indexes that leads to it, innermost last. */
export type Position = { readonly up: Position; readonly key: string | number } | null

/** The place inside another one. */
export function inside(up: Position, key: string | number): Position {
  return { up, key }
}

/** A position as the path of keys from the root. */
export function pathOf(position: Position): (string | number)[] {
  const path: (string | number)[] = []
  for (let step = position; step !== null; step = step.up) path.push(step.key)
  return path.reverse()
}

/** A place as it is told from another one that it is inside of; a place elsewhere stays as it is. */
export function relativeTo(position: Position, outer: Position): Position {
  if (position === outer) return null
  return position === null ? null : { up: relativeTo(position.up, outer), key: position.key }
}
