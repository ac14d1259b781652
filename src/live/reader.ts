/** One reader of a view's changes: what it has not read yet is kept by key, so that it never grows beyond the keys. */
import { type Change, isSame, type Member } from './member.ts'

/** Gives the changes of a view; `next` waits for one. */
export class Reader<T> implements AsyncIterableIterator<Change<T>, undefined> {
  readonly #current: (key: string) => Member<T> | undefined
  readonly #onEnd: (reader: Reader<T>) => void
  /** By key: what the reader knows of it. */
  readonly #unread = new Map<string, Member<T> | undefined>()
  readonly #waiting: { resolve(result: IteratorResult<Change<T>, undefined>): void; reject(error: unknown): void }[] =
    []
  #end: { readonly error: unknown } | undefined

  constructor(current: (key: string) => Member<T> | undefined, onEnd: (reader: Reader<T>) => void) {
    this.#current = current
    this.#onEnd = onEnd
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Change<T>, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#serve()
    })
  }

  return(): Promise<IteratorResult<Change<T>, undefined>> {
    this.#unread.clear()
    this.end(undefined)
    this.#onEnd(this)
    return Promise.resolve({ done: true, value: undefined })
  }

  /** A member changed; `before` is what it was. */
  note(key: string, before: Member<T> | undefined): void {
    if (this.#end === undefined && !this.#unread.has(key)) this.#unread.set(key, before)
  }

  /** Gives what there is to those who wait. */
  wake(): void {
    this.#serve()
  }

  /** No more changes come; an error is thrown once those that came are read. */
  end(error: unknown): void {
    this.#end ??= { error }
    this.#serve()
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const change = this.#take()
      if (change) this.#waiting.shift()!.resolve({ done: false, value: change })
      else if (this.#end === undefined) return
      else this.#finish(this.#end.error)
    }
  }

  #finish(error: unknown): void {
    const { resolve, reject } = this.#waiting.shift()!
    this.#end = { error: undefined }
    if (error === undefined) resolve({ done: true, value: undefined })
    else reject(error)
  }

  #take(): Change<T> | undefined {
    for (const [key, before] of this.#unread) {
      this.#unread.delete(key)
      const member = this.#current(key)
      if (isSame(before, member)) continue
      const type = before === undefined ? 'add' : member === undefined ? 'remove' : 'change'
      return { type, ref: (member ?? before)!.ref, member, before }
    }
    return undefined
  }
}
