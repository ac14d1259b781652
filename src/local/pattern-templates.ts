/** What takes the place of a match of a pattern, written as in Java: a text with references to groups. */
import { serverFault } from './failures.ts'
import type { Pattern } from './pattern.ts'

/** The references of a replacement: `\x` is x itself, `$1` and `${name}` are groups. */
const REFERENCE = /\\([^]?)|\$(?:\{([a-zA-Z0-9]*)(\}?)|(\d?))/gu

/**
 * The text that takes the place of a match. Throws the `Fault` that the real server's machine ends in for a group that
 * is not there, and for a `$` or `\` that nothing follows.
 */
export function expandTemplate(template: string, match: RegExpExecArray, { groups, names }: Pattern): string {
  let text = ''
  let at = 0
  const groupText = (group: number): string => (group === 0 ? match[0] : (match.groups?.[`g${group}`] ?? ''))
  while (at < template.length) {
    REFERENCE.lastIndex = at
    const found = REFERENCE.exec(template)
    if (found === null) return text + template.slice(at)
    const [whole, escaped, name, close, digit] = found
    text += template.slice(at, found.index)
    at = found.index + whole.length
    if (escaped !== undefined) {
      if (escaped === '') throw illegalArgument('character to be escaped is missing')
      text += escaped
    } else if (name !== undefined) {
      text += groupText(findName(name, close === '}', names))
    } else {
      if (digit === '' || digit === undefined) throw illegalReference(at < template.length)
      const number = readGroupNumber(template, at, Number(digit), groups)
      at = number.end
      text += groupText(number.group)
    }
  }
  return text
}

/** The number of a group from its first digit on: it has as many digits as there are groups for. */
function readGroupNumber(template: string, at: number, first: number, groups: number): { group: number; end: number } {
  if (first > groups) throw serverFault(`java.lang.IndexOutOfBoundsException: No group ${first}`)
  let group = first
  let end = at
  for (;;) {
    const longer = group * 10 + Number(/\d/.exec(template.charAt(end))?.[0] ?? Number.NaN)
    if (!(longer <= groups)) return { group, end }
    group = longer
    end += 1
  }
}

function findName(name: string, isClosed: boolean, names: ReadonlyMap<string, number>): number {
  if (name === '') throw illegalArgument('named capturing group has 0 length name')
  if (!isClosed) throw illegalArgument("named capturing group is missing trailing '}'")
  if (/^\d/.test(name)) throw illegalArgument(`capturing group name {${name}} starts with digit character`)
  const group = names.get(name)
  if (group === undefined) throw illegalArgument(`No group with name {${name}}`)
  return group
}

function illegalReference(isFollowed: boolean): Error {
  return illegalArgument(isFollowed ? 'Illegal group reference' : 'Illegal group reference: group index is missing')
}

function illegalArgument(message: string): Error {
  return serverFault(`java.lang.IllegalArgumentException: ${message}`)
}
