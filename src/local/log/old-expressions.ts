/**
 * Functions as logs and exports of before have them: there a written ref, a written set and what was quoted were kinds of
 * expressions, which named things when they were evaluated. The forms that mean the same do that now.
 */
import { nativesByName } from '../native.ts'
import type { Position } from '../position.ts'
import type { RefLiteral } from '../ref-literals.ts'
import type { Expression, FormExpression } from '../values.ts'

type OldExpression =
  | { readonly kind: 'ref'; readonly ref: RefLiteral; readonly at: Position }
  | {
      readonly kind: 'set'
      readonly form: string
      readonly parts: ReadonlyMap<string, Expression>
      readonly at: Position
    }
  | (FormExpression & { readonly name: 'quote' })

function formOf(
  name: FormExpression['name'],
  parts: readonly (readonly [string, Expression])[],
  at: Position,
): Expression {
  return { kind: 'form', name, parts: new Map(parts), at }
}

function literal(value: string | null, at: Position): Expression {
  return { kind: 'literal', value, at }
}

/** The form that names what a written ref does. */
function renewRef({ id, collection, database }: RefLiteral, at: Position): Expression {
  const scope = database && renewRef(database, at)
  const native = nativesByName.get(id)
  if (collection === undefined) {
    const name = (native?.name ?? 'collections') as FormExpression['name']
    return formOf(name, [[name, scope ?? literal(null, at)]], at)
  }
  const kind = collection.collection === undefined ? nativesByName.get(collection.id)?.kind : undefined
  if (kind !== undefined)
    return formOf(kind, [[kind, literal(id, at)], ...(scope ? [['scope', scope] as const] : [])], at)
  const within = renewRef(database === undefined ? collection : { ...collection, database }, at)
  return formOf(
    'ref',
    [
      ['ref', within],
      ['id', literal(id, at)],
    ],
    at,
  )
}

function isOld(record: object): record is OldExpression {
  if (!('kind' in record) || !('at' in record)) return false
  return record.kind === 'ref' || record.kind === 'set' || ('name' in record && record.name === 'quote')
}

/** A record as it is now; the same one where it is not of before. */
export function renewExpression(record: object): object {
  if (!isOld(record)) return record
  if (record.kind === 'ref') return renewRef(record.ref, record.at)
  if (record.kind === 'form') return record.parts.get('quote') ?? record
  const name = record.form === 'match index' ? 'match' : record.form
  return formOf(name as FormExpression['name'], [...record.parts], record.at)
}
