/**
 * What the types of streams promise, for the compiler alone: nothing here runs. A promise that is broken is an error of
 * the compiler, and so is a line that is expected to be one and is not. Checked by tests/types.test.ts.
 */
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import type {
  Client,
  Data,
  DocumentDiff,
  DocumentVersion,
  EventStream,
  FaunaTime,
  GapEvent,
  IndexEntry,
  InvalidEvent,
  Ref,
  StateEvent,
  StreamEvent,
  StreamOptions,
} from '../../src/index.ts'

/** Compiles only where both are the same type, `any` told apart. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function expectSame<A, B>(isSame: Same<A, B>): void
declare function use(...values: readonly unknown[]): void

declare const client: Client
declare const ref: Ref

/** The payload of one kind of event of a stream. */
type Payload<S extends AsyncIterable<StreamEvent<never>>, Type extends 'version' | 'set'> =
  S extends AsyncIterable<infer E> ? (E extends { readonly type: Type; readonly event: infer P } ? P : never) : never

export function defaultFields() {
  const stream = client.stream(ref, undefined, { onGap: 'throw' })
  expectSame<typeof stream, EventStream<StreamEvent<'action' | 'document'>>>(true)
  // @ts-expect-error it is not the type of all fields
  expectSame<typeof stream, EventStream<StreamEvent>>(true)
  expectSame<keyof Payload<typeof stream, 'version'>, 'action' | 'document'>(true)
  expectSame<keyof Payload<typeof stream, 'set'>, 'action' | 'document'>(true)
}

export async function narrowing() {
  for await (const event of client.stream(ref, ['action', 'document', 'diff', 'index'], { onGap: 'yield' })) {
    expectSame<typeof event.type, 'start' | 'version' | 'history_rewrite' | 'set' | 'unknown' | 'gap'>(true)
    // @ts-expect-error what an event holds is known when its type is
    use(event.event.action)
    switch (event.type) {
      case 'start':
        expectSame<typeof event.event, number>(true)
        break
      case 'version':
      case 'history_rewrite':
        expectSame<typeof event.event.action, 'create' | 'update' | 'delete'>(true)
        expectSame<typeof event.event.document, DocumentVersion<Data>>(true)
        expectSame<typeof event.event.diff, DocumentDiff>(true)
        // @ts-expect-error it was not asked for
        use(event.event.prev)
        // @ts-expect-error documents have no entry of an index
        use(event.event.index)
        break
      case 'set':
        expectSame<typeof event.event.action, 'add' | 'remove'>(true)
        expectSame<typeof event.event.index, IndexEntry>(true)
        use(event.event.document.ref, event.event.document.ts)
        // @ts-expect-error events of sets have no data
        use(event.event.document.data)
        // @ts-expect-error nor what changed
        use(event.event.diff)
        break
      case 'gap':
        expectSame<typeof event.until, number>(true)
        break
      case 'unknown':
        use(event.raw)
        // @ts-expect-error nothing is known of it
        use(event.txn)
        break
      default:
        // Every type was named.
        expectSame<typeof event, never>(true)
    }
  }
}

export async function onlyWhatWasAskedFor() {
  for await (const event of client.stream(ref, ['document', 'diff'])) {
    if (event.type !== 'version') continue
    use(event.event.document, event.event.diff.data)
    // @ts-expect-error it was not asked for
    use(event.event.action)
    // @ts-expect-error it was not asked for
    use(event.event.prev)
    // @ts-expect-error a diff may have no data
    use(event.event.diff.data.name)
  }
}

export function fieldNames(names: readonly 'diff'[]) {
  use(client.stream(ref, names), client.stream(ref, ['prev'] as const))
  // @ts-expect-error there is no field of this name
  use(client.stream(ref, ['action', 'previous']))
  // @ts-expect-error one name alone is no list
  use(client.stream(ref, 'action'))
  // @ts-expect-error there is no option of this name
  use(client.stream(ref, ['action'], { fields: ['diff'] }))
  // @ts-expect-error there is no such way to resume
  use(client.stream(ref, ['action'], { resume: 'always' }))
}

export async function ownData() {
  type Order = { readonly state: 'waiting' | 'ready' }
  for await (const event of client.stream<'document', Order>(ref, ['document'])) {
    if (event.type !== 'version') continue
    expectSame<typeof event.event.document.data, Order | undefined>(true)
    expectSame<typeof event.event.document.ref, Ref>(true)
    expectSame<typeof event.event.document.ttl, FaunaTime | undefined>(true)
    // @ts-expect-error an event is only to be read
    event.event.document.ts = 0
    // @ts-expect-error it was not asked for
    use(event.event.action)
  }
}

export function gaps() {
  const live = client.stream(ref, ['action'], { resume: 'live' })
  expectSame<typeof live, EventStream<StreamEvent<'action'> | GapEvent>>(true)
  const thrown = client.stream(ref, ['action'], { resume: 'live', onGap: 'throw' })
  expectSame<typeof thrown, EventStream<StreamEvent<'action'>>>(true)
  const history = client.stream(ref, ['action'])
  expectSame<typeof history, EventStream<StreamEvent<'action'>>>(true)
  const told = client.stream(ref, ['action'], { onGap: 'yield' })
  expectSame<typeof told, EventStream<StreamEvent<'action'> | GapEvent>>(true)
  const either = client.stream(ref, ['action'], {} as StreamOptions)
  type Any = StreamEvent<'action'> | StateEvent<'action'> | GapEvent | InvalidEvent<'action'>
  expectSame<typeof either, EventStream<Any>>(true)
  const state = client.stream(ref, ['action'], { snapshot: true })
  expectSame<typeof state, EventStream<StreamEvent<'action'> | StateEvent<'action'>>>(true)
  const never = client.stream(ref, ['action'], { resume: false })
  expectSame<typeof never, EventStream<StreamEvent<'action'>>>(true)
}

export async function whatChanged() {
  type Order = { state: 'waiting' | 'ready'; by: Ref; tags: string[]; place?: { table: number } }
  for await (const event of client.stream<'diff', Order>(ref, ['diff'])) {
    if (event.type !== 'version') continue
    type Place = { readonly table?: number | null }
    type Patch = { readonly state?: 'waiting' | 'ready' | null; readonly by?: Ref | null }
    type Rest = { readonly tags?: string[] | null; readonly place?: Place | null }
    const { data } = event.event.diff
    expectSame<NonNullable<typeof data>['place'], Place | null | undefined>(true)
    const patch: (Patch & Rest) | null | undefined = data
    use(patch)
    // @ts-expect-error there is no such key
    use(data?.total)
  }
}

export async function schemas() {
  const zodOrder = z.object({
    state: z.enum(['waiting', 'ready']),
    since: z.string().transform(text => new Date(text)),
  })
  const valibotOrder = v.object({ state: v.string() })
  const arkOrder = type({ state: 'string' })
  type Order = { state: 'waiting' | 'ready'; since: Date }
  const zodStream = client.stream(ref, ['document', 'diff', 'prev'], { schema: zodOrder, snapshot: true })
  for await (const event of zodStream) {
    expectSame<typeof event.type, StreamEvent['type'] | StateEvent['type']>(true)
    if (event.type === 'snapshot') expectSame<typeof event.event.document, DocumentVersion<Order> | null>(true)
    if (event.type !== 'version') continue
    expectSame<typeof event.event.document.data, Order | undefined>(true)
    expectSame<typeof event.event.prev.data, Order | undefined>(true)
    // What changed is told as it is stored.
    expectSame<NonNullable<typeof event.event.diff.data>['since'], string | null | undefined>(true)
  }
  for await (const event of client.stream(ref, ['document'], { schema: valibotOrder })) {
    if (event.type === 'version') expectSame<typeof event.event.document.data, { state: string } | undefined>(true)
  }
  for await (const event of client.stream(ref, undefined, { schema: arkOrder, onInvalid: 'yield' })) {
    if (event.type === 'version') expectSame<typeof event.event.document.data, { state: string } | undefined>(true)
    if (event.type === 'invalid') expectSame<typeof event, InvalidEvent<'action' | 'document'>>(true)
  }
  const thrown = client.stream(ref, ['action'], { schema: arkOrder, onInvalid: 'throw' })
  expectSame<typeof thrown, EventStream<StreamEvent<'action', { state: string }>>>(true)
  // @ts-expect-error this is no schema
  use(client.stream(ref, ['action'], { schema: { parse: use } }))
}

export async function batches() {
  for await (const events of client.stream(ref, ['diff']).batches()) {
    expectSame<typeof events, readonly StreamEvent<'diff'>[]>(true)
  }
}

export function signals() {
  const stream = client.stream(ref)
  stream.on('start', ({ txn }) => expectSame<typeof txn, number>(true))
  stream.on('state', state => expectSame<typeof state, 'idle' | 'connecting' | 'open' | 'closed'>(true))
  // @ts-expect-error data never goes this way
  stream.on('version', use)
}

export async function queries() {
  const value = await client.query(ref)
  // What an expression gives is not known: it is named where it is used.
  expectSame<typeof value, unknown>(true)
}
