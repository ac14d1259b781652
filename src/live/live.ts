/** The current members of a set, or a document, kept up to date: a stream with a snapshot, folded. */
import { EventEmitter } from 'eventemitter3'
import { OptionError } from '../errors.ts'
import type { AnyEvent, Data } from '../events/types.ts'
import { callSafely } from '../observe.ts'
import type { EventStream } from '../stream/stream.ts'
import { Ref } from '../values/index.ts'
import { applyEvent, type Arrivals, type Change, isSame, keyOf, type Member, type Members } from './member.ts'
import { Reader } from './reader.ts'

/** The signals of a live view. */
export type LiveSignals<T = Data> = {
  /** A member came, changed or went; called for each, when all of a transaction is in the view. */
  change: (change: Change<T>) => void
  /** The view ended: with an error where `closed` rejects with one. */
  close: (close: { readonly error: unknown }) => void
}

/**
 * A map of the members as they are now, by ref. It follows from the start, and needs no loop; a loop over it gets what
 * changed, coalesced by member where it is slow, the state itself first.
 */
export class LiveView<T = Data> implements AsyncIterable<Change<T>> {
  /** Aborts when the view is closed. */
  readonly signal: AbortSignal
  readonly #stream: EventStream<AnyEvent>
  readonly #emitter = new EventEmitter()
  readonly #readers = new Set<Reader<T>>()
  readonly #arrivals: Arrivals = new Map()
  #members: Members<T> = new Map()
  /** The state that is being told; it replaces the members when it is complete. */
  #loading: Members<T> | undefined
  #end: { readonly error: unknown } | undefined
  readonly #ready: Promise<void>
  readonly #closed: Promise<void>
  #isComplete = false
  /** Which of the promises somebody has taken: only these can tell of an end with an error. */
  #isReadyTaken = false
  #isClosedTaken = false

  /** @internal Views are made by `client.live`. */
  constructor(stream: EventStream<AnyEvent>, areWhole: boolean) {
    this.#stream = stream
    this.signal = stream.controller.signal
    let becameReady = () => undefined as void
    const isReady = new Promise<void>(resolve => (becameReady = resolve))
    this.#closed = this.#follow(areWhole, becameReady)
    this.#ready = Promise.race([isReady, this.#closed])
    for (const promise of [this.#closed, this.#ready]) promise.catch(() => undefined)
  }

  /** Resolves when the view has been complete for the first time; rejects with the error of an earlier end. */
  get ready(): Promise<void> {
    this.#isReadyTaken = true
    return this.#ready
  }

  /**
   * Resolves when the view was closed; rejects with the error that ended it. It need not be handled: where nobody has taken it, listens
   * to `close`, or is in a loop, an end with an error is a warning of the process.
   */
  get closed(): Promise<void> {
    this.#isClosedTaken = true
    return this.#closed
  }

  /** How many members there are. */
  get size(): number {
    return this.#members.size
  }

  /**
   * The member with this ref; or with this id, where one collection is meant.
   *
   * @throws OptionError where the key is neither, as an expression that `q.Ref` made.
   */
  get(key: Ref | string): Member<T> | undefined {
    if (key instanceof Ref) return this.#members.get(keyOf(key))
    if (typeof key !== 'string') {
      throw new OptionError(
        'key',
        'give a Ref, as events and queries have it, or an id; what q.Ref() makes is an expression',
      )
    }
    for (const member of this.#members.values()) if (member.ref.id === key) return member
    return undefined
  }

  /** Whether there is such a member; throws as `get` does. */
  has(key: Ref | string): boolean {
    return this.get(key) !== undefined
  }

  /** The refs of the members. */
  *keys(): IterableIterator<Ref> {
    for (const { ref } of this.#members.values()) yield ref
  }

  /** The members. */
  values(): IterableIterator<Member<T>> {
    return this.#members.values()
  }

  /** Refs and members. */
  *entries(): IterableIterator<[Ref, Member<T>]> {
    for (const member of this.#members.values()) yield [member.ref, member]
  }

  /** Refs and members, as of a `Map`. */
  [Symbol.iterator](): IterableIterator<[Ref, Member<T>]> {
    return this.entries()
  }

  /** Changes from here on; before them the members of this moment, as `add`. Each loop has its own. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Change<T>, undefined> {
    const reader = new Reader<T>(
      key => this.#members.get(key),
      ended => this.#readers.delete(ended),
    )
    for (const key of this.#members.keys()) reader.note(key, undefined)
    if (this.#end) reader.end(this.#end.error)
    else this.#readers.add(reader)
    return reader
  }

  /** Calls `listener` at each signal; what it throws is thrown again in a microtask and harms nothing here. */
  on<S extends keyof LiveSignals<T>>(signal: S, listener: LiveSignals<T>[S]): this {
    this.#emitter.on(signal, listener)
    return this
  }

  /** Takes a listener away. */
  off<S extends keyof LiveSignals<T>>(signal: S, listener: LiveSignals<T>[S]): this {
    this.#emitter.off(signal, listener)
    return this
  }

  /** Closes the view; its last state can still be read. Resolves when the wire stream is let go. */
  async close(): Promise<void> {
    await this.#stream[Symbol.asyncDispose]()
  }

  /** Closes like `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #follow(areWhole: boolean, becameReady: () => void): Promise<void> {
    let end: { readonly error: unknown } = { error: undefined }
    try {
      for await (const events of this.#stream.batches(areWhole ? { by: 'txn' } : {})) {
        this.#fold(events)
        if (this.#isComplete || !events.some(({ type }) => type === 'synced')) continue
        this.#isComplete = true
        becameReady()
      }
    } catch (error) {
      end = { error }
      this.#warn(error)
      throw error
    } finally {
      this.#end = end
      for (const reader of this.#readers) reader.end(end.error)
      this.#readers.clear()
      this.#signal('close', end)
    }
  }

  /** A view that is only read would stand still, and look as if nothing happened. */
  #warn(error: unknown): void {
    const isTold = this.#isClosedTaken || (this.#isReadyTaken && !this.#isComplete) || this.#readers.size > 0
    if (isTold || this.#emitter.listenerCount('close') > 0 || error === this.signal.reason) return
    const advice = 'it stays as it was; await its closed, or listen to its signal close, to be told in your code'
    process.emitWarning(`a live view has ended: ${String(error)} (${advice})`, 'FaunaStreamsWarning')
  }

  /** All events of a batch, and then those who follow hear of it. */
  #fold(events: readonly AnyEvent[]): void {
    const changed = new Map<string, Member<T> | undefined>()
    for (const event of events) {
      if (event.type === 'start' || event.type === 'reset') this.#loading = new Map()
      else if (event.type === 'synced') this.#replace(changed)
      else this.#change(event, changed)
    }
    for (const [key, before] of changed) this.#tell(key, before)
    for (const reader of this.#readers) reader.wake()
  }

  #change(event: AnyEvent, changed: Map<string, Member<T> | undefined>): void {
    if (this.#loading) return applyEvent(this.#loading, event, this.#arrivals)
    const ref = event.type === 'version' || event.type === 'set' ? event.event.document.ref : undefined
    if (ref === undefined) return
    const key = keyOf(ref)
    if (!changed.has(key)) changed.set(key, this.#members.get(key))
    applyEvent(this.#members, event, this.#arrivals)
  }

  #replace(changed: Map<string, Member<T> | undefined>): void {
    const before = this.#members
    this.#members = this.#loading ?? before
    this.#loading = undefined
    for (const key of new Set([...before.keys(), ...this.#members.keys()])) {
      if (!changed.has(key)) changed.set(key, before.get(key))
    }
  }

  #tell(key: string, before: Member<T> | undefined): void {
    const member = this.#members.get(key)
    if (isSame(before, member)) return
    for (const reader of this.#readers) reader.note(key, before)
    const type = before === undefined ? 'add' : member === undefined ? 'remove' : 'change'
    this.#signal('change', { type, ref: (member ?? before)!.ref, member, before })
  }

  #signal<S extends keyof LiveSignals<T>>(signal: S, ...args: Parameters<LiveSignals<T>[S]>): void {
    for (const listener of this.#emitter.listeners(signal)) {
      callSafely(listener as (...args: Parameters<LiveSignals<T>[S]>) => void, ...args)
    }
  }
}
