/** The story that `npm start` tells: three orders of a coffee bar, each followed from its creation to its end. */
import { setTimeout } from 'node:timers/promises'
// From a project of your own: import … from 'fauna-streams'.
import { type Client, type EventStream, type GapEvent, q, type StreamEvent } from '../src/index.ts'

/** What an order is. */
export type Order = {
  readonly guest: string
  readonly drink: string
  readonly state: 'waiting' | 'brewing' | 'ready'
  readonly note?: string
}

/** One step of the story: a sentence, and the write that it stands for, which is one transaction. */
export type Step = { readonly told: string; readonly id: string } & (
  | { readonly write: 'create' | 'replace'; readonly data: Order }
  | { readonly write: 'update'; readonly data: Partial<Record<keyof Order, string | null>> }
  | { readonly write: 'delete' }
)

const fields = ['action', 'document', 'diff'] as const

/** An event of the story. */
export type OrderEvent = StreamEvent<(typeof fields)[number], Order> | GapEvent

/** Where an event came from, and what it told. */
export type Telling = { readonly from: string; readonly event: OrderEvent }

const orders = q.Collection('orders')
const ada = { guest: 'Ada', drink: 'flat white', state: 'waiting' } as const
const ben = { guest: 'Ben', drink: 'espresso', state: 'waiting' } as const
const cleo = { guest: 'Cleo', drink: 'hot chocolate', state: 'waiting' } as const

/** The whole story, in order. Every order is deleted in the end: handed over, or given up. */
export const story: readonly Step[] = [
  { told: 'Ada orders a flat white.', id: '101', write: 'create', data: ada },
  { told: 'Ben orders an espresso.', id: '102', write: 'create', data: ben },
  { told: 'The barista turns to Ada’s cup.', id: '101', write: 'update', data: { state: 'brewing' } },
  { told: 'Cleo orders a hot chocolate.', id: '103', write: 'create', data: cleo },
  { told: 'Ben has a train to catch, and leaves.', id: '102', write: 'delete' },
  {
    told: 'Ada’s cup is ready, with oat milk.',
    id: '101',
    write: 'update',
    data: { state: 'ready', note: 'oat milk' },
  },
  {
    told: 'Cleo has changed her mind.',
    id: '103',
    write: 'replace',
    data: { guest: 'Cleo', drink: 'chai latte', state: 'brewing' },
  },
  { told: 'Ada takes her cup.', id: '101', write: 'delete' },
  { told: 'Cleo’s cup is ready.', id: '103', write: 'update', data: { state: 'ready' } },
  { told: 'Cleo takes her cup. The bar is empty.', id: '103', write: 'delete' },
]

/** What a telling of the story takes: whom to tell, and the pause before each step in milliseconds. */
export type Audience = {
  readonly tellStep: (step: Step) => void
  readonly tellEvent: (telling: Telling) => void
  readonly pauseMs: number
  /** Ends everything early, with its reason. */
  readonly signal: AbortSignal
}

/** Plays the story: follows the set of orders and each single order, writes, and ends when every loop has ended. */
export async function playStory(client: Client, audience: Audience): Promise<void> {
  await client.query(q.CreateCollection({ name: 'orders' }))
  const ids = [...new Set(story.map(({ id }) => id))]
  const { signal } = audience
  const all: EventStream<OrderEvent> = client.stream(q.Documents(orders), fields, { signal })
  const each = ids.map((id): EventStream<OrderEvent> => client.stream(q.Ref(orders, id), fields, { signal }))
  const started = Promise.all([all, ...each].map(awaitStart))
  const followed = Promise.all([
    follow('all orders', all, ids.length, audience),
    ...each.map((stream, i) => follow(`order ${ids[i]}`, stream, 1, audience)),
  ])
  // What is written before a stream has started is not told by it.
  await Promise.race([started, followed])
  await Promise.all([write(client, audience), followed])
}

/** Tells the events of a stream until it has told so many ends: deletions of a document, or removals from a set. */
async function follow(from: string, stream: EventStream<OrderEvent>, ends: number, audience: Audience): Promise<void> {
  let left = ends
  for await (const event of stream) {
    audience.tellEvent({ from, event })
    if (isEnd(event) && --left === 0) break
  }
}

function isEnd(event: OrderEvent): boolean {
  if (event.type === 'set') return event.event.action === 'remove'
  return event.type === 'version' && event.event.action === 'delete'
}

function awaitStart(stream: EventStream<OrderEvent>): Promise<void> {
  return new Promise(resolve => stream.on('start', () => resolve()))
}

async function write(client: Client, { tellStep, pauseMs, signal }: Audience): Promise<void> {
  for (const step of story) {
    await pause(pauseMs, signal)
    tellStep(step)
    await client.query(toExpression(step), { signal })
  }
}

function toExpression(step: Step): unknown {
  const ref = q.Ref(orders, step.id)
  switch (step.write) {
    case 'create':
      return q.Create(ref, { data: step.data })
    case 'update':
      return q.Update(ref, { data: step.data })
    case 'replace':
      return q.Replace(ref, { data: step.data })
    case 'delete':
      return q.Delete(ref)
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await setTimeout(ms, undefined, { signal })
}
