/**
 * Joins the fragments of a long line and decodes it at half the price. Most of what such a line costs is memory that is
 * touched for the first time: here the bytes are joined in a buffer that is kept, and the text lies outside V8's heap.
 */

/** Node's `Buffer` makes longer texts outside V8's heap (EXTERN_APEX in its string_bytes.cc), shorter ones inside. */
const insideBytes = 0xfbee9
/** From here on, to decode up to there and cut is cheaper (`npm run bench -- --only megabyte`). */
const minOutsideBytes = 0.75 * insideBytes
/** Longer lines are joined in a buffer of their own. */
const scratchBytes = insideBytes + 1

/** Shared by all streams: what is in it is decoded before anything else happens. Made by the first line that needs it. */
let scratch: Buffer | undefined

/** The fragments in one piece, which holds until the next call. */
export function joinFragments(fragments: readonly Uint8Array[], bytes: number): Uint8Array {
  if (fragments.length === 1) return fragments[0]!
  if (bytes < minOutsideBytes || bytes > scratchBytes) return Buffer.concat(fragments, bytes)
  scratch ??= Buffer.alloc(scratchBytes)
  let at = 0
  for (const fragment of fragments) {
    scratch.set(fragment, at)
    at += fragment.length
  }
  return scratch.subarray(0, at)
}

/** Bytes that are ASCII, as text. */
export function decodeAscii(bytes: Buffer): string {
  const isCheaper = bytes.length >= minOutsideBytes && bytes.buffer === scratch?.buffer
  return isCheaper ? scratch!.toString('latin1', 0, scratchBytes).slice(0, bytes.length) : bytes.toString('latin1')
}
