/** What the bench uses of packages that have no types. */
declare module 'split2' {
  export default function split2(
    map: (line: string) => unknown,
  ): NodeJS.ReadWriteStream & AsyncIterable<{ type?: unknown }>
}
declare module 'ndjson' {
  const ndjson: { parse(): NodeJS.ReadWriteStream & AsyncIterable<{ type?: unknown }> }
  export default ndjson
}
