/** The options of the embedded server: their checks and their defaults, each written once. */
import { OptionError } from '../errors.ts'
import type { ReportListener } from './request-reports.ts'

/** Options with nothing left open; what they mean is told where users give them, at `LocalOptions`. */
export type SettledOptions = {
  readonly host: string
  readonly port: number
  readonly secret: string
  readonly quirks: boolean
  readonly now: () => number
  readonly maxStreams: number
  readonly startDelayMs: number
  readonly onRequest: ReportListener | undefined
  readonly dataDir?: string
}

type Name = keyof SettledOptions

/** Options as they are given. */
export type GivenOptions = { readonly [Key in Name]?: SettledOptions[Key] | undefined }

/** What is used where nothing is said. `maxStreams` is the limit of the real server (protocol.md B.9). */
const defaults: SettledOptions = {
  host: '127.0.0.1',
  port: 0,
  secret: 'secret',
  quirks: true,
  now: Date.now,
  maxStreams: 50_000,
  startDelayMs: 0,
  onRequest: undefined,
}

const MAX_PORT = 65_535
/** The longest time that a timer of Node can wait, in milliseconds. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** One option: what it must be, in words and as a check. */
type Rule = { readonly expected: string; readonly fits: (value: unknown) => boolean }

const isIntegerUpTo =
  (most: number) =>
  (value: unknown): boolean =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most

const rules: Readonly<Record<Name, Rule>> = {
  host: { expected: 'a name or an address', fits: value => typeof value === 'string' && value !== '' },
  port: { expected: `an integer from 0 to ${MAX_PORT}`, fits: isIntegerUpTo(MAX_PORT) },
  // A colon would begin a scope, and a header holds neither blanks nor what is beyond ASCII (protocol.md A.7).
  secret: {
    expected: 'a string of visible ASCII characters without a colon',
    fits: value => typeof value === 'string' && /^[!-9;-~]+$/.test(value),
  },
  quirks: { expected: 'true or false', fits: value => typeof value === 'boolean' },
  now: { expected: 'a function that gives milliseconds', fits: value => typeof value === 'function' },
  maxStreams: { expected: 'an integer from 0', fits: isIntegerUpTo(Number.MAX_SAFE_INTEGER) },
  dataDir: { expected: 'the path of a folder', fits: value => typeof value === 'string' && value !== '' },
  startDelayMs: {
    expected: `a number of milliseconds from 0 to ${MAX_DELAY_MS}`,
    fits: value => typeof value === 'number' && value >= 0 && value <= MAX_DELAY_MS,
  },
  onRequest: { expected: 'a function that is told of requests', fits: value => typeof value === 'function' },
}

/** Checks options and fills the gaps. Throws `OptionError` for a name that is no option, and for a value that cannot be. */
export function settleOptions(options: GivenOptions): SettledOptions {
  if (typeof options !== 'object' || options === null) throw new OptionError('options', 'expected an object')
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    const rule = Object.hasOwn(rules, name) ? rules[name as Name] : undefined
    if (rule === undefined) {
      throw new OptionError(name, `the embedded server has no such option; it has ${Object.keys(rules).join(', ')}`)
    }
    if (!rule.fits(value)) throw new OptionError(name, `expected ${rule.expected}, got ${describe(value)}`)
  }
  return { ...defaults, ...Object.fromEntries(given) }
}

/** A value in a few words; never a text, which may be a secret. */
function describe(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : value === null
      ? 'null'
      : typeof value
}
