/**
 * Reads what each file imports and compares it with a table of rooms: which room may import which, and what from
 * outside. Works on source texts alone, so that a test can hand it files that do not exist.
 */
import { posix } from 'node:path'
import { parseSync } from 'oxc-parser'

/** One row of the table. A room is a file or a folder of `src/`; a folder's name ends in `/`. */
export interface Room {
  /** Its floor: imports go to the same floor or down. */
  readonly rank: number
  /** The rooms that it may import, or single files of them (`query/forms.ts`). */
  readonly mayImport: readonly string[]
  /** The modules of Node and of packages that it may import. */
  readonly outside?: readonly string[]
}

/** The table: a row for each room, by its name. */
export type Rooms = Readonly<Record<string, Room>>

/** Source texts by their path below `src/`, with `/` between its parts. */
export type Sources = ReadonlyMap<string, string>

/** The nodes of a syntax tree that name another module, and the field that holds the name. */
const moduleFields: Readonly<Record<string, string>> = {
  ImportDeclaration: 'source',
  ExportAllDeclaration: 'source',
  ExportNamedDeclaration: 'source',
  ImportExpression: 'source',
  TSImportType: 'source',
  TSExternalModuleReference: 'expression',
}

/** The text that stands for a module whose name is worked out at run time, and so cannot be checked. */
const unknownModule = '(not a literal)'

/**
 * Lists the modules that a source text names: imports, re-exports, `import()` as a call and as a type, type imports.
 * Throws when the text does not parse.
 */
export function listImports(path: string, source: string): string[] {
  const { program, errors } = parseSync(path, source)
  if (errors.length > 0) throw new SyntaxError(`${path}: ${errors[0]?.message}`)
  const found: string[] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const fields = node as Record<string, unknown>
    const field = moduleFields[String(fields['type'])]
    const literal = field === undefined ? undefined : (fields[field] as { value?: unknown } | null)
    if (literal) found.push(typeof literal.value === 'string' ? literal.value : unknownModule)
    for (const child of Object.values(fields)) visit(child)
  }
  visit(program)
  return found
}

/** The name of the room that a file lies in, or `undefined` where the table has none. */
function findRoom(rooms: Rooms, path: string): string | undefined {
  return Object.keys(rooms).find(name => path === name || (name.endsWith('/') && path.startsWith(name)))
}

function explainArrow(rooms: Rooms, from: string, to: string): string | undefined {
  const fromName = findRoom(rooms, from)
  const toName = findRoom(rooms, to)
  if (fromName === undefined || toName === undefined || fromName === toName) return undefined
  const fromRoom = rooms[fromName] as Room
  const toRoom = rooms[toName] as Room
  if (toRoom.rank > fromRoom.rank) return `points up, from ${fromName} to ${toName}`
  if (fromRoom.mayImport.some(name => name === toName || name === to)) return undefined
  return `is not in the row of ${fromName}`
}

function explainImport(rooms: Rooms, sources: Sources, path: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) {
    const room = rooms[findRoom(rooms, path) ?? '']
    return room?.outside?.includes(specifier) ? undefined : `is no outside module of its room`
  }
  const target = posix.join(posix.dirname(path), specifier)
  return sources.has(target) ? explainArrow(rooms, path, target) : 'names no file of src/'
}

/** Finds the loops of imports, each told once, as a path that ends where it began. */
function findLoops(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const loops: string[] = []
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) loops.push([...trail.slice(start), path].join(' → '))
    if (start >= 0 || done.has(path)) return
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) walk(path, [])
  return loops
}

/** Lists what is wrong with the table itself: rows that name rooms that are not there, or a higher floor, or a loop. */
export function checkRooms(rooms: Rooms): string[] {
  const graph = new Map<string, string[]>()
  const problems: string[] = []
  for (const [name, row] of Object.entries(rooms)) {
    const targets = row.mayImport.map(target => findRoom(rooms, target) ?? target)
    graph.set(name, targets)
    for (const target of targets) {
      const { rank } = rooms[target] ?? { rank: undefined }
      if (rank === undefined) problems.push(`the row of ${name} names ${target}, which is no room`)
      else if (rank > row.rank) problems.push(`the row of ${name} points up to ${target}`)
    }
  }
  return [...problems, ...findLoops(graph).map(loop => `the rows close a loop: ${loop}`)]
}

/** Lists every import that leaves its row, points up or closes a loop, and every file that lies in no room. */
export function checkImports(rooms: Rooms, sources: Sources): string[] {
  const problems: string[] = []
  const graph = new Map<string, string[]>()
  for (const [path, source] of sources) {
    if (findRoom(rooms, path) === undefined) problems.push(`${path} belongs to no room`)
    const imports = listImports(path, source)
    for (const specifier of imports) {
      const reason = explainImport(rooms, sources, path, specifier)
      if (reason !== undefined) problems.push(`${path}: the import of '${specifier}' ${reason}`)
    }
    const targets = imports.map(specifier => posix.join(posix.dirname(path), specifier))
    graph.set(
      path,
      targets.filter(target => sources.has(target)),
    )
  }
  return [...problems, ...findLoops(graph).map(loop => `the imports close a loop: ${loop}`)]
}
