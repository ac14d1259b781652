/** What FQL can say: the values, and the ways between them and the text of wire JSON. */
export { Bytes } from './bytes.ts'
export { decode, decodeExactly, decodeUnlessRounded } from './codec.ts'
export { parseExact } from './exact.ts'
export { Query, SetRef, Uuid } from './opaque.ts'
export { Ref } from './ref.ts'
export { encode, hasToJson, maxDepth, refuse, toPathStep } from './serializer.ts'
export { FaunaDate, FaunaTime } from './time.ts'
export { isExpr, Value } from './value.ts'
