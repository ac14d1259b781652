/**
 * A TCP proxy in front of a server: what a network does to a connection, at the moment that a test chooses. It reads
 * nothing of what passes, so it serves TLS as well.
 */
import { OptionError } from '../errors.ts'
import type { LaneRules, ProxyTime } from './lane.ts'
import { Link } from './link.ts'
import { type Split, splitEvery } from './pieces.ts'
import { cutSocket, type HowToCut, serveTcp, type TcpPeer } from './tcp.ts'
import { Waits } from './waits.ts'

/** What a proxy is made with. */
export type ProxyOptions = {
  /** Where its connections go: an endpoint, as `http://localhost:8443`, or a port of 127.0.0.1. */
  readonly target: string | number
  /** Now and timers. Default: the system's. */
  readonly time?: ProxyTime
}

/** A connection that obeys these is as good as direct. */
const noRules: LaneRules = {
  isFrozen: false,
  delayMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  split: undefined,
}

/** The longest timer that Node has; a longer one would run at once. */
const maxTimerMs = 2 ** 31 - 1

const systemTime: ProxyTime = {
  now: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(delayMs, maxTimerMs))
    return { cancel: () => clearTimeout(timer) }
  },
}

/** A cut that is planned: after how many bytes, and who is told. */
type Plan = { readonly bytes: number; readonly how: HowToCut; readonly done: (isDone: boolean) => void }

/**
 * Serves a proxy on a free port of 127.0.0.1. Rejects with an `OptionError` for a target that is none; a target that
 * cannot be reached resets each connection.
 */
export async function serveProxy(options: ProxyOptions): Promise<TcpProxy> {
  const proxy = new TcpProxy(options)
  await proxy.listen()
  return proxy
}

/** A running proxy. Its rules hold for each connection, open or to come, until they are changed or healed. */
export class TcpProxy implements AsyncDisposable {
  readonly #target: URL
  readonly #time: ProxyTime
  readonly #rules: LaneRules = { ...noRules }
  readonly #links = new Set<Link>()
  readonly #waits = new Waits()
  #peer: TcpPeer | undefined
  #accepted = 0
  #isRefusing = false
  #plan: Plan | undefined

  /** `serveProxy` makes one that listens. */
  constructor({ target, time = systemTime }: ProxyOptions) {
    this.#target = toUrl(target)
    this.#time = time
  }

  /** Where to connect instead of the target; the scheme is the target's. */
  get endpoint(): string {
    return `${this.#target.protocol}//127.0.0.1:${this.#peer?.port}`
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#links.size
  }

  /** How many connections there were, those that were refused left out. */
  get accepted(): number {
    return this.#accepted
  }

  /** Called by `serveProxy`. */
  async listen(): Promise<void> {
    const { protocol, hostname, port } = this.#target
    const context = {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || (protocol === 'https:' ? 443 : 80),
      rules: this.#rules,
      time: this.#time,
      passed: (link: Link) => this.#passed(link),
    }
    const accept = (socket: ConstructorParameters<typeof Link>[0]) => {
      if (this.#isRefusing) return cutSocket(socket, 'rst')
      this.#add(new Link(socket, context))
    }
    this.#peer = await serveTcp(accept, { allowHalfOpen: true })
  }

  /** Ends every connection, both sides of it: with FIN or with RST. What is on its way is lost. */
  cut(how: HowToCut = 'rst'): void {
    for (const link of this.#links) link.cut(how)
  }

  /**
   * Ends the first connection that has passed on `bytes` more bytes from the server, and no other; those bytes are the
   * last that leave. With RST a client may lose of them what it has not read. Once: a later call takes its place.
   * Resolves with whether it happened: `false` where another took its place, or `heal` or `close` came before.
   */
  cutAt(bytes: number, how: HowToCut = 'rst'): Promise<boolean> {
    checkNumber('bytes', bytes, 0)
    this.#callOff()
    return new Promise(done => {
      this.#plan = { bytes, how, done }
      for (const link of this.#links) link.allow(bytes)
    })
  }

  /** A black hole: nothing passes either way, and every socket stays open. */
  freeze(): void {
    this.#change({ isFrozen: true })
  }

  /** Ends `freeze`: what was sent meanwhile arrives. */
  thaw(): void {
    this.#change({ isFrozen: false })
  }

  /** Each way, everything leaves this much later than it came, in milliseconds; at most 1 MiB waits. */
  delay(delayMs: number): void {
    this.#change({ delayMs: checkNumber('delayMs', delayMs, 0) })
  }

  /** The most that passes, each way of each connection. `Infinity`: as fast as can be. */
  throttle(bytesPerSecond: number): void {
    this.#change({ bytesPerSecond: checkNumber('bytesPerSecond', bytesPerSecond, 1) })
  }

  /**
   * Passes on in pieces of this many bytes, or as a `Split` cuts what came together, a piece a turn of the event loop:
   * a client in the same process reads each alone. `undefined`: as it came.
   */
  split(pieces: number | Split | undefined): void {
    this.#change({ split: typeof pieces === 'number' ? splitEvery(checkNumber('pieces', pieces, 1)) : pieces })
  }

  /** Resets every new connection at once; those that are open stay. */
  refuse(): void {
    this.#isRefusing = true
  }

  /** Ends every rule. Connections that were cut stay so. */
  heal(): void {
    this.#callOff()
    this.#isRefusing = false
    this.#change(noRules)
  }

  /**
   * Resolves when `check` holds; looked at when a connection comes or goes, and when bytes of the server pass. Rejects
   * when the proxy is closed before.
   */
  until(check: () => boolean): Promise<void> {
    return this.#waits.until(check)
  }

  /** Destroys every connection; resolves when nothing is left. */
  async close(): Promise<void> {
    this.#callOff()
    this.#waits.end(new Error('the proxy was closed'))
    const closing = this.#peer?.close()
    await Promise.all([...this.#links].map(link => link.destroy()))
    await closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #add(link: Link): void {
    this.#links.add(link)
    this.#accepted++
    if (this.#plan) link.allow(this.#plan.bytes)
    void link.closed.then(() => {
      this.#links.delete(link)
      this.#waits.look()
    })
    this.#waits.look()
  }

  #passed(link: Link): void {
    const plan = this.#plan
    if (plan && link.isUsedUp) {
      this.#dropPlan()
      void link.cutAfterReading(plan.how).then(() => plan.done(true))
    }
    this.#waits.look()
  }

  #callOff(): void {
    this.#plan?.done(false)
    this.#dropPlan()
  }

  #dropPlan(): void {
    this.#plan = undefined
    for (const link of this.#links) link.allow(Number.POSITIVE_INFINITY)
  }

  #change(rules: Partial<LaneRules>): void {
    Object.assign(this.#rules, rules)
    for (const link of this.#links) link.proceed()
  }
}

function toUrl(target: string | number): URL {
  const text = typeof target === 'number' ? `http://127.0.0.1:${target}` : target
  if (!URL.canParse(text) || new URL(text).hostname === '') {
    throw new OptionError('target', `${text} is no endpoint: give one as http://localhost:8443, or a port`)
  }
  return new URL(text)
}

function checkNumber(option: string, value: number, least: number): number {
  if (value >= least) return value
  throw new OptionError(option, `${value} is below ${least}`)
}
