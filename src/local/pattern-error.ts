/** What is thrown for a pattern that is none. */

/** Thrown for a pattern that is none. */
export class PatternError extends Error {
  override readonly name = 'PatternError'
}

/** The error of a pattern that has this in it. */
export function failPattern(what: string): PatternError {
  return new PatternError(`The pattern has ${what}.`)
}
