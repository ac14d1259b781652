/** The ids of databases among all databases everywhere. */
import type { Ref } from './values.ts'

const Z_BASE_32 = 'ybndrfg8ejkmcpqxot1uwisza345h769'
/** The length of a global id. */
const GLOBAL_ID_LENGTH = 13

/** The id of a database among all: 13 letters and digits, the first of them `y`. */
export function globalId(ref: Ref): string {
  let rest = (BigInt.asUintN(58, (ref.id + 1n) * 0x9e3779b97f4a7c15n) << 5n) | 1n
  let text = ''
  while (text.length < GLOBAL_ID_LENGTH - 1) {
    text += Z_BASE_32[Number(rest & 31n)]
    rest >>= 5n
  }
  return `y${text}`
}
