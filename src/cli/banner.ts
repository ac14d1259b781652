/** What `serve` says when it is ready: where it is, and what to try next. One screen of 80 columns. */
import { styleText } from 'node:util'

/** What the banner tells. */
export type BannerFacts = {
  readonly endpoint: string
  readonly secret: string
  /** Where what is written is kept, in a few words. */
  readonly keeps: string
  readonly colors: boolean
}

/** The text of the banner. The lines to copy stand alone and work in a POSIX shell. */
export function describeServer({ endpoint, secret, keeps, colors }: BannerFacts): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    colors ? styleText(style, text, { validateStream: false }) : text
  const name = (text: string): string => paint('dim', text.padEnd(10))
  const code = (text: string): string => `  ${paint('cyan', text)}`
  return `${paint('bold', 'fauna-streams')}  an embedded FQL v4 server, for development and tests

  ${name('endpoint')}${endpoint}
  ${name('secret')}${secret}
  ${name('data')}${keeps}

In another terminal:

${code(`export FAUNA_ENDPOINT=${quote(endpoint)}`)}
${code(`export FAUNA_SECRET=${quote(secret)}`)}
${code(`npx fauna-streams query 'CreateCollection({ name: "orders" })'`)}
${code(`npx fauna-streams tail 'Documents(Collection("orders"))'`)}

In a third one, with the same two exports, to see an event:

${code(`npx fauna-streams query 'Create(Collection("orders"), { data: { n: 1 } })'`)}

Ctrl+C stops it. Requests, as they come:

`
}

/** A word of a POSIX shell: in quotation marks where it needs them. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
