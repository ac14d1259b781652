/** The text form of FQL v4 → an expression, by a parser: nothing of the text is ever run. */
import { OptionError } from '../errors.ts'
import { maxDepth } from '../values/index.ts'
import { builders } from '../query/builders.ts'
import type { FormName } from '../query/forms.ts'
import { Expr, q } from '../query/index.ts'
import { findNearest } from '../spelling.ts'
import { type Token, Tokens } from './tokens.ts'

const constants: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
])

/** The names of the wire may be called too, as `create_collection`. */
const namesOfForms: ReadonlyMap<string, string> = new Map(
  Object.entries(builders).map(([name, row]: [string, FormName | readonly [FormName, ...string[]]]) => [
    typeof row === 'string' ? row : row[0],
    name,
  ]),
)

type Build = (...args: unknown[]) => unknown

/** `Let` takes its names in an array, which keeps their order whatever they are. */
const letName = 'Let'

/**
 * The expression that a text stands for, as `fql('Documents(Collection("orders"))')`.
 *
 * The text is what one would write with `q` in JavaScript: calls by the names of `q` (`q.` before them may stand or be
 * left out) or of the wire (`create_collection`), texts in either quotation mark, numbers, `true`, `false`, `null`,
 * arrays, objects, comments, and lambdas as `Lambda('x', Var('x'))`, `x => x` or `function (x) { return x }`. Integers
 * beyond 2^53 stay exact.
 * @throws QueryTextError with the line and the column where the text cannot be read.
 */
export function fql(text: string): Expr {
  if (typeof text !== 'string') throw new OptionError('fql(text)', `must be a string, got a ${typeof text}`)
  const reader = new Reader(text)
  const value = reader.readAll()
  return value instanceof Expr ? value : new Expr(toRaw(value))
}

/** Plain data is an expression too: an object of it is no call. */
function toRaw(value: unknown): unknown {
  return (q.Do(value as never).raw as { do: readonly unknown[] }).do[0]
}

/** Reads one expression by recursive descent. */
class Reader {
  readonly #tokens: Tokens
  /** The variables of lambdas around, by their names. */
  readonly #variables: string[] = []
  #depth = 0

  constructor(text: string) {
    this.#tokens = new Tokens(text)
  }

  readAll(): unknown {
    const value = this.#readValue()
    if (this.#isMark(';')) this.#tokens.take()
    const { next } = this.#tokens
    if (next.kind !== 'end') throw this.#tokens.fail(next, 'the expression has ended before this')
    return value
  }

  #readValue(): unknown {
    const { next } = this.#tokens
    if (this.#depth >= maxDepth) throw this.#tokens.fail(next, `nested deeper than ${maxDepth} levels`)
    this.#depth++
    try {
      return this.#readOne(next)
    } finally {
      this.#depth--
    }
  }

  #readOne(next: Token): unknown {
    if (next.kind === 'text' || next.kind === 'number') return this.#tokens.take().value
    if (next.kind === 'name') return this.#readNamed()
    if (this.#isMark('[')) return this.#readList('[', ']', () => this.#readValue())
    if (this.#isMark('{')) return Object.fromEntries(this.#readFields())
    if (this.#isMark('(')) return this.#readParentheses()
    const what = next.kind === 'end' ? 'the text ends where an expression is needed' : 'an expression is needed here'
    throw this.#tokens.fail(next, what)
  }

  #readNamed(): unknown {
    const token = this.#tokens.take()
    const name = String(token.value)
    if (this.#isMark('=>')) return this.#readLambda([token])
    if (name === 'q' && this.#isMark('.')) {
      this.#tokens.take()
      const called = this.#tokens.take()
      if (called.kind !== 'name') throw this.#tokens.fail(called, 'the name of a function is needed behind q.')
      return this.#readCall(called)
    }
    if (name === 'function' && this.#beginsLambda('{')) return this.#readFunction()
    if (this.#isMark('(')) return this.#readCall(token)
    if (constants.has(name)) return constants.get(name)
    if (this.#variables.includes(name)) return q.Var(name)
    const isFunction = Object.hasOwn(builders, name)
    throw this.#tokens.fail(
      token,
      isFunction ? `${name} is a function: write ${name}(…)` : `no variable has the name ${name}${suggest(name)}`,
    )
  }

  #readCall(token: Token): unknown {
    const written = String(token.value)
    const name = Object.hasOwn(q, written) ? written : namesOfForms.get(written)
    if (name === undefined) throw this.#tokens.fail(token, `there is no function ${written}${suggest(written)}`)
    if (!this.#isMark('(')) throw this.#tokens.fail(this.#tokens.next, `a ( is needed behind ${written}`)
    let isFirst = true
    const args = this.#readList('(', ')', () => {
      const isBindings = isFirst && name === letName && this.#isMark('{')
      isFirst = false
      return isBindings ? this.#readFields().map(field => Object.fromEntries([field])) : this.#readValue()
    })
    try {
      return (q as unknown as Record<string, Build>)[name]!(...args)
    } catch (cause) {
      if (cause instanceof OptionError) throw this.#tokens.fail(token, cause.message)
      throw cause
    }
  }

  /** An expression in parentheses, or the parameters of a lambda. */
  #readParentheses(): unknown {
    if (this.#beginsLambda('=>')) return this.#readLambda(this.#readParameters())
    this.#tokens.take()
    const value = this.#readValue()
    this.#expect(')')
    return value
  }

  /** Whether a parenthesis comes next that is closed before a mark, with nothing but names in it. */
  #beginsLambda(mark: '=>' | '{'): boolean {
    if (!this.#isMark('(')) return false
    let token = this.#tokens.after(this.#tokens.next)
    while (token.kind === 'name' || token.value === ',') token = this.#tokens.after(token)
    return token.kind === 'mark' && token.value === ')' && this.#tokens.after(token).value === mark
  }

  #readParameters(): Token[] {
    return this.#readList('(', ')', () => {
      const token = this.#tokens.take()
      if (token.kind !== 'name') throw this.#tokens.fail(token, 'the name of a parameter is needed')
      return token
    })
  }

  #readLambda(parameters: readonly Token[]): unknown {
    const arrow = this.#expect('=>')
    return this.#makeLambda(parameters, arrow, () => this.#readValue())
  }

  /** A function does nothing but return. */
  #readFunction(): unknown {
    const parameters = this.#readParameters()
    const begin = this.#expect('{')
    return this.#makeLambda(parameters, begin, () => {
      const word = this.#tokens.take()
      if (word.value !== 'return') throw this.#tokens.fail(word, 'a return is needed here')
      const body = this.#readValue()
      if (this.#isMark(';')) this.#tokens.take()
      this.#expect('}')
      return body
    })
  }

  #makeLambda(parameters: readonly Token[], where: Token, readBody: () => unknown): unknown {
    if (parameters.length === 0) throw this.#tokens.fail(where, 'a lambda needs a parameter')
    const names = parameters.map(({ value }) => String(value))
    this.#variables.push(...names)
    const body = readBody()
    this.#variables.length -= names.length
    return q.Lambda(names.length === 1 ? names[0]! : names, body as never)
  }

  #readFields(): [name: string, value: unknown][] {
    return this.#readList('{', '}', () => {
      const token = this.#tokens.take()
      if (token.kind !== 'name' && token.kind !== 'text' && token.kind !== 'number') {
        throw this.#tokens.fail(token, 'the name of a field is needed here')
      }
      this.#expect(':')
      return [String(token.value), this.#readValue()]
    })
  }

  /** What stands between two marks, with commas between; one more at the end is allowed. */
  #readList<T>(open: string, close: string, read: () => T): T[] {
    const begin = this.#expect(open)
    const items: T[] = []
    const refuseEnd = (): void => {
      if (this.#tokens.next.kind === 'end') throw this.#tokens.fail(begin, `this ${open} is not closed`)
    }
    while (!this.#isMark(close)) {
      refuseEnd()
      items.push(read())
      if (this.#isMark(close)) break
      refuseEnd()
      this.#expect(',', `a comma or ${close} is needed here`)
    }
    this.#tokens.take()
    return items
  }

  #isMark(mark: string): boolean {
    const { kind, value } = this.#tokens.next
    return kind === 'mark' && value === mark
  }

  #expect(mark: string, reason = `a ${mark} is needed here`): Token {
    if (!this.#isMark(mark)) throw this.#tokens.fail(this.#tokens.next, reason)
    return this.#tokens.take()
  }
}

/** Words of Python's text of an expression that mean something else here. */
const otherLanguages: ReadonlyMap<string, string> = new Map([
  ['True', 'true'],
  ['False', 'false'],
  ['None', 'null'],
])

/** The name that was probably meant, as words to go on with. */
function suggest(name: string): string {
  const meant = otherLanguages.get(name) ?? findNearest(name, Object.keys(builders))
  return meant === undefined ? '' : `; did you mean ${meant}?`
}
