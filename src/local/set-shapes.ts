/** Sets as objects: their shape on the wire, and what they become when they are stored (protocol.md D.2, E.3). */
import { serverFault } from './failures.ts'
import { Ref, SetValue } from './values.ts'
import type { Bound, ObjectValue, SetForm, Value } from './values.ts'

/** One element stands bare, none is null, several are an array. */
function unwrap(values: readonly Value[]): Value {
  return values.length === 0 ? null : values.length === 1 ? (values[0] ?? null) : [...values]
}

function operand(form: SetForm): Value {
  return form.kind === 'documents' && form.isSchema === true ? form.collection : new SetValue(form)
}

/** An end of a range: its values, or its document where it has none. */
function placeOf({ values, ref }: Bound): Value[] {
  return values.length === 0 && ref !== undefined ? [ref] : [...values]
}

/** The object inside of `@set`; sets in it are values of their own. */
export function describeSet(form: SetForm): ObjectValue {
  switch (form.kind) {
    case 'match':
      return form.terms.length === 0
        ? new Map<string, Value>([['match', form.index]])
        : new Map<string, Value>([
            ['match', form.index],
            ['terms', unwrap(form.terms)],
          ])
    case 'documents':
      return new Map<string, Value>([['documents', form.collection]])
    case 'singleton':
      return new Map<string, Value>([['singleton', form.ref]])
    case 'events':
      return new Map<string, Value>([['events', form.of instanceof Ref ? form.of : operand(form.of)]])
    case 'union':
    case 'intersection':
    case 'difference':
      return new Map<string, Value>([[form.kind, unwrap(form.sets.map(operand))]])
    case 'distinct':
    case 'reverse':
      return new Map<string, Value>([[form.kind, operand(form.set)]])
    case 'range':
      return new Map<string, Value>([
        ['range', operand(form.set)],
        ['from', unwrap(placeOf(form.from))],
        ['to', unwrap(placeOf(form.to))],
      ])
    case 'filter':
      return new Map<string, Value>([
        ['filter', form.lambda],
        ['collection', operand(form.set)],
      ])
    case 'join':
      return new Map<string, Value>([
        ['join', operand(form.set)],
        ['with', form.target],
      ])
  }
}

/** What a path finds behind the `@set` of a set: the sets of old have parts, the others are null. */
export function partsOfSet(form: SetForm): Value {
  switch (form.kind) {
    case 'match':
      return new Map<string, Value>([
        ['match', form.index],
        ['terms', form.terms.length === 1 ? (form.terms[0] ?? null) : [...form.terms]],
      ])
    case 'union':
    case 'intersection':
    case 'difference':
      return new Map<string, Value>([[form.kind, form.sets.map(operand)]])
    case 'distinct':
    case 'join':
      return describeSet(form)
    default:
      return null
  }
}

/** Kinds of sets that the real server has no stored form of (SetL.irValue in MODEL/ast/Expression.scala). */
const unstorable: Partial<Record<SetForm['kind'], string>> = {
  singleton: 'DocSingletonSet',
  range: 'RangeSet',
  reverse: 'ReverseSet',
}

/** What is stored of a set, and what it is compared by: lists of sets stay lists. Throws where there is no such thing. */
export function storedSet(form: SetForm): ObjectValue {
  const name = unstorable[form.kind]
  if (name !== undefined) throw serverFault(`java.lang.IllegalStateException: Unknown set ${name}.`)
  const fields = describeSet(form)
  if ('sets' in form) fields.set(form.kind, form.sets.map(operand))
  return new Map([['@set', fields]])
}
