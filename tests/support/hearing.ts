/** Hears what the channels tell while a test runs. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { channelNames, type ChannelMessages } from '../../src/observe.ts'

type Name = keyof ChannelMessages
type Short<N extends Name> = N extends `fauna-streams:${infer S}` ? S : never

/** One message: its channel, without the prefix, and what it tells. */
export type Heard = { [N in Name]: { readonly name: Short<N>; readonly message: ChannelMessages[N] } }[Name]

/** What has been heard, in order. */
export class Hearing {
  readonly all: Heard[] = []
  readonly #stops: (() => void)[] = []

  constructor() {
    for (const channel of channelNames) {
      const name = channel.slice('fauna-streams:'.length)
      const listener = (message: unknown) => this.all.push({ name, message } as Heard)
      subscribe(channel, listener)
      this.#stops.push(() => unsubscribe(channel, listener))
    }
  }

  /** The names of all channels, in the order of their messages. */
  get names(): string[] {
    return this.all.map(({ name }) => name)
  }

  /** The messages of one channel. */
  of<N extends Heard['name']>(name: N): Extract<Heard, { name: N }>['message'][] {
    return this.all.filter(heard => heard.name === name).map(({ message }) => message) as never
  }

  stop(): void {
    for (const stop of this.#stops) stop()
  }
}

/** Runs a test that hears everything. */
export async function hearing(run: (heard: Hearing) => Promise<void>): Promise<void> {
  const heard = new Hearing()
  try {
    await run(heard)
  } finally {
    heard.stop()
  }
}
