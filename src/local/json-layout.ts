/** The pretty form of JSON that the real server has (protocol.md A.5). */
const QUOTE = 0x22
const OPEN_ARRAY = 0x5b
const BACKSLASH = 0x5c
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Lines of the pretty form hold less than this many characters of content, two fewer at each level. */
const PRETTY_WIDTH = 60

/**
 * Lays compact JSON text out as the server does when asked for formatted JSON (protocol.md A.5): a container stands on
 * one line if its content is short or a single scalar, else each member has a line of its own. Ends with a line feed.
 * Runs of blanks inside the strings of a one-line container become one blank, as on the real server.
 */
export function indent(compactJson: string): string {
  return `${new Layout(compactJson).layOut(PRETTY_WIDTH)}\n`
}

class Layout {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  layOut(width: number): string {
    const open = this.#text.charCodeAt(this.#at)
    if (open === OPEN_OBJECT) return this.#layOutMembers(width, CLOSE_OBJECT)
    if (open === OPEN_ARRAY) return this.#layOutMembers(width, CLOSE_ARRAY)
    return this.#takeScalar()
  }

  #layOutMembers(width: number, close: number): string {
    const open = this.#text.charAt(this.#at)
    const members: string[] = []
    let hasContainer = false
    while (this.#text.charCodeAt(++this.#at) !== close || members.length > 0) {
      const key = close === CLOSE_OBJECT ? `${this.#takeScalar()}: ` : ''
      if (key !== '') this.#at += 1
      const code = this.#text.charCodeAt(this.#at)
      hasContainer ||= code === OPEN_OBJECT || code === OPEN_ARRAY
      members.push(key + this.layOut(width - 2))
      if (this.#text.charCodeAt(this.#at) === close) break
    }
    this.#at += 1
    const content = members.join(',\n')
    const end = String.fromCharCode(close)
    const isOneLine = content.length < width || (members.length === 1 && !hasContainer)
    if (isOneLine) return `${open} ${content.replace(/\s+/g, ' ')} ${end}`
    return `${open}\n${content.replace(/^/gm, '  ')}\n${end}`
  }

  /** The text of the key, string, number or literal at this place. */
  #takeScalar(): string {
    const start = this.#at
    if (this.#text.charCodeAt(start) === QUOTE) {
      this.#at += 1
      for (let code; (code = this.#text.charCodeAt(this.#at)) !== QUOTE;) this.#at += code === BACKSLASH ? 2 : 1
      this.#at += 1
    } else {
      while (this.#at < this.#text.length && !',]}'.includes(this.#text.charAt(this.#at))) this.#at += 1
    }
    return this.#text.slice(start, this.#at)
  }
}
