/** The names of a function's parameters, read from its source: they become the names of FQL variables. */
import { OptionError } from '../errors.ts'

/** What stands before the parameters of an arrow function with one bare name, of any other, and of a function. */
const bareArrow = /^\s*(?:async\s+)?([\p{ID_Start}_$][\p{ID_Continue}$]*)\s*=>/u
const listed = /^\s*(?:async\s+)?(?:function\b[^(]*|[\p{ID_Start}_$][\p{ID_Continue}$]*\s*)?\(([^()]*)\)/u
const name = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u

/**
 * The parameter names of a function, in order.
 *
 * Throws `OptionError` if there are none, or if they are no plain names: a default, a rest or a pattern has no
 * counterpart in FQL. A bundler that shortens names shortens these too; that is harmless, since FQL sees the same names
 * in the body.
 */
export function readParameters(make: (...args: never[]) => unknown, where: string): string[] {
  const source = String(make).replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ')
  const found = bareArrow.exec(source)?.[1] ?? listed.exec(source)?.[1]
  const names = found === undefined ? [] : found.split(',').map(part => part.trim())
  if (names.at(-1) === '') names.pop() // `(a, b,) =>` and `() =>`
  if (names.length === 0 && make.length === 0) {
    throw new OptionError(where, 'a function that stands for a lambda needs a parameter')
  }
  if (names.length === 0 || !names.every(part => name.test(part))) {
    throw new OptionError(where, 'the parameters of a function must be plain names; or write Lambda([names], expr)')
  }
  return names
}
