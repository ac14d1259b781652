// The order of strings: by the collation of US English, then, where that sees no difference, by UTF-8 bytes.

const collator = new Intl.Collator('en-US')

/** Compares two strings as indexes and the comparison functions do: below, above or equal to 0. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0
  return collator.compare(a, b) || compareUtf8(a, b)
}

const FIRST_SURROGATE = 0xd800
const FIRST_ABOVE_SURROGATES = 0xe000

/** Compares as the UTF-8 encodings would: by code points, so characters beyond U+FFFF come last. */
function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const one = a.charCodeAt(at)
    const other = b.charCodeAt(at)
    if (one !== other) return rank(one) - rank(other)
  }
  return a.length - b.length
}

/** Lifts surrogates, which stand for characters beyond U+FFFF, over U+E000–U+FFFF. */
function rank(code: number): number {
  if (code < FIRST_SURROGATE) return code
  return code < FIRST_ABOVE_SURROGATES ? code + 0x10000 : code
}
