// Upper, lower and title case, and strings folded for comparison without regard to case: as Unicode has it, whatever
// the language.

/** Where the title of a character is not its capital: the digraphs, of which only the first letter is one. */
const TITLES: ReadonlyMap<string, string> = new Map(
  ['Ǆǅǆ', 'Ǉǈǉ', 'Ǌǋǌ', 'Ǳǲǳ'].flatMap(forms => {
    const title = forms.charAt(1)
    return Array.from(forms, (form): [string, string] => [form, title])
  }),
)
/** Georgian has capitals, but no titles. */
const GEORGIAN = /[\u10d0-\u10ff]/
/** The iota under a Greek vowel: it stays there in a title, and is a letter of its own in capitals. */
const IOTA_BELOW = '\u0345'
/** What a word may begin with: before it, its punctuation stays, and so do modifiers that have no case. */
const WORD_START = /(?!\p{Lm}(?<!\p{Cased}))[\p{L}\p{N}\p{S}\p{Co}]/u

/** A colon ends a word; only some versions of ICU take it for a part of one. */
const COLON = /(?=[:\ufe55\uff1a])|(?<=[:\ufe55\uff1a])/

const words = new Intl.Segmenter('en', { granularity: 'word' })

/** Each word with a capital first and small letters behind it. */
export function toTitleCase(text: string): string {
  const segments = Array.from(words.segment(text), ({ segment }) => segment.split(COLON))
  return segments.flat().map(titleWord).join('')
}

function titleWord(word: string): string {
  const start = word.search(WORD_START)
  if (start < 0) return word.toLowerCase()
  const first = String.fromCodePoint(word.codePointAt(start) ?? 0)
  // Small letters depend on what is before them: a sigma at the end of a word is another one.
  const small = word.slice(start).toLowerCase().slice(first.toLowerCase().length)
  return word.slice(0, start) + titleOf(first) + small
}

function titleOf(character: string): string {
  const title = TITLES.get(character)
  if (title !== undefined) return title
  if (GEORGIAN.test(character)) return character
  const parts = character.normalize('NFD')
  if (parts.endsWith(IOTA_BELOW)) {
    const vowel = parts.slice(0, -1).normalize('NFC').toUpperCase()
    return vowel.length === 1 ? (vowel + IOTA_BELOW).normalize('NFC') : vowel + IOTA_BELOW
  }
  // ß is SS in capitals: of several letters that one makes, only the first is large. A mark before it is none.
  const [first, ...rest] = character.toUpperCase()
  if (first === undefined) return ''
  return first.toLowerCase() === first && rest.length > 0 ? first + rest.join('') : first + rest.join('').toLowerCase()
}

/** What comes to nothing when folded: soft hyphens, joiners and the like. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu
/** Folded, these letters stay as they are, or become the capital: the rules of small letters do not hold for them. */
const UNFOLDED = /[ı\u13a0-\u13f5]/u
const CHEROKEE_SMALL = /[\u13f8-\u13fd\uab70-\uabbf]/u

/** The Unicode form NFKC_Casefold: equal for strings that differ in case or in how the same characters are encoded. */
export function foldCase(text: string): string {
  let folded = text
  for (;;) {
    const next = Array.from(folded.normalize('NFKC'), foldCharacter).join('').replace(IGNORABLE, '').normalize('NFKC')
    if (next === folded) return folded
    folded = next
  }
}

function foldCharacter(character: string): string {
  if (UNFOLDED.test(character)) return character
  if (CHEROKEE_SMALL.test(character)) return character.toUpperCase()
  // By way of the capital, so that ß becomes ss and ſ becomes s; character by character, so that ς becomes σ.
  return Array.from(character.toLowerCase().toUpperCase(), letter => letter.toLowerCase()).join('')
}
