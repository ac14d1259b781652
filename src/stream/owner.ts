/** Whose an only entry is where history is too short to tell: its place in the order of the set is looked for. */
import type { End } from '../end.ts'
import { decode, encode, Ref } from '../values/index.ts'
import type { QueryAnswer } from './link.ts'
import type { Lack } from './reading.ts'
import { behindText, sourceText } from './state-query.ts'
import type { Target } from './target.ts'

type Result<T> = T | Lack | End

/** Asks one query of a snapshot. */
export type AskOne = (text: string) => Promise<Result<QueryAnswer>>

/** Ids are 64-bit integers, of which those below 0 are not given (protocol.md E.3). */
const endOfIds = 2n ** 63n
/** So many ids are asked for at once: 11 queries find one of all. */
const probes = 64n

/**
 * The ref of the only member of a set, which has these values: entries with the same values stand in the order of their
 * ids, and a page may begin at any. `undefined` where the index says no collection, or it is in none of them.
 */
export async function findOwner(
  ask: AskOne,
  target: Target,
  at: number,
  values: readonly unknown[],
): Promise<Result<Ref | undefined>> {
  const source = await ask(sourceText(target))
  if (!('value' in source)) return source
  const texts = values.map(value => encode(value))
  for (const collection of listCollections(source.value)) {
    const id = await findId(ids => ask(behindText(target, at, texts, encode(collection), ids)))
    if (typeof id === 'object') return id
    if (id === undefined) continue
    return decode({ '@ref': { id: String(id), collection: JSON.parse(encode(collection)) as unknown } }) as Ref
  }
  return undefined
}

/** The highest id that nothing stands before; `undefined` where it is no id of this collection. */
async function findId(ask: (ids: string[]) => Promise<Result<QueryAnswer>>): Promise<Result<bigint | undefined>> {
  let [low, end] = [0n, endOfIds]
  for (let isFirst = true; isFirst || end - low > 1n; isFirst = false) {
    const step = (end - low + probes - 1n) / probes
    const ids: bigint[] = []
    for (let id = low; id < end; id += step) ids.push(id)
    const answer = await ask(ids.map(String))
    if (!('value' in answer)) return answer
    const areEmpty = answer.value as readonly boolean[]
    const behind = areEmpty.indexOf(true)
    if (behind === 0) return undefined
    end = ids[behind] ?? end
    low = ids.at(behind === -1 ? -1 : behind - 1)!
  }
  return low === endOfIds - 1n ? undefined : low
}

/** What `source` of an index names: a collection, several, or `_`, which is all there are. */
function listCollections(source: unknown): readonly Ref[] {
  if (source instanceof Ref) return [source]
  if (Array.isArray(source)) return source.flatMap(listCollections)
  if (typeof source !== 'object' || source === null) return []
  const { collection, class: former } = source as { readonly collection?: unknown; readonly class?: unknown }
  return listCollections(collection ?? former)
}
