/** Reads texts in the Huffman code of HPACK (RFC 7541 §5.2 and appendix B). */

/**
 * The length in bits of each symbol's code, 0 to 255, as a digit of base 36. It is all that need be known: codes count
 * up from the shortest to the longest, and within a length from symbol to symbol.
 */
const codeLengths = [
  'dnsssssssoussussssssssusssssssss',
  '6aacd68baa8b8666555666666678f6ca',
  'd67777777777777777777777878djde6',
  'f56565666577666567655677777fbeds',
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnno',
  'mlkmmnnlnmmolmnnllmlnmnnkmmmnmmn',
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrr',
  'koklmllnmmppooqnqrqqrrrrrsrrrrrq',
].join('')

/** The longest code, in bits. */
const maxBits = 30

/** What the last symbol is followed by is the beginning of the longest code: at most seven bits, all of them 1. */
const maxPaddingBits = 7

/** Codes of one length: `first` belongs to `symbols[0]`, and each next one to the next. */
type CodesOfLength = { readonly first: number; readonly symbols: readonly number[] }

const codes: readonly CodesOfLength[] = makeCodes()

function makeCodes(): CodesOfLength[] {
  let next = 0
  return Array.from({ length: maxBits + 1 }, (_, bits) => {
    const symbols = Array.from({ length: codeLengths.length }, (_none, symbol) => symbol)
    const own = symbols.filter(symbol => Number.parseInt(codeLengths[symbol]!, 36) === bits)
    const first = next * 2
    next = first + own.length
    return { first, symbols: own }
  })
}

/** Decodes a text. Throws a `RangeError` for bits that are no code. */
export function decodeHuffman(bytes: Uint8Array): string {
  const symbols: number[] = []
  let code = 0
  let length = 0
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1)
      length++
      const row = codes[length]
      if (!row) throw new RangeError('HPACK: no Huffman code is so long')
      const symbol = row.symbols[code - row.first]
      if (symbol === undefined) continue
      symbols.push(symbol)
      code = 0
      length = 0
    }
  }
  const isPadding = length <= maxPaddingBits && code === 2 ** length - 1
  if (!isPadding) throw new RangeError('HPACK: a Huffman code is cut off')
  return Buffer.from(symbols).toString('latin1')
}
