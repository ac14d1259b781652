/** What is wrong with an index as a whole: functions that it cannot compute with, and changes of what it is. */
import { isEqual } from './equality.ts'
import { effectOf } from './effects.ts'
import type { FieldFailure } from './failures.ts'
import { diffFields } from './history.ts'
import type { Check } from './schema-kind.ts'
import { listOf } from './schema-indexes.ts'
import { formatTime, formatDate } from './time.ts'
import { Bytes, CalendarDate, Lambda, Ref, Time, Uuid } from './values.ts'
import type { ObjectValue, Value } from './values.ts'

/** What makes an index the one that it is. */
const shapeFields = ['source', 'terms', 'values']

function bindingOf(field: Value): Value | undefined {
  return field instanceof Map ? field.get('binding') : undefined
}

/** Every function of a source must be pure, and some term or value must be what it computes. */
export const checkBindings: Check = ({ fields }) => {
  const used = [...listOf(fields.get('terms')), ...listOf(fields.get('values'))].map(bindingOf)
  return listOf(fields.get('source')).flatMap((source, i) => {
    const bindings = source instanceof Map ? source.get('fields') : undefined
    return [...(bindings instanceof Map ? bindings : [])].flatMap(([name, lambda], j) => {
      const field = ['source', String(i), 'fields', String(j), name]
      const failures: FieldFailure[] = []
      if (lambda instanceof Lambda && effectOf(lambda.body) !== 'pure') {
        const description = 'Field binding must be a pure unary function.'
        failures.push({ field, code: 'invalid binding', description })
      }
      if (!used.includes(name)) {
        const description = 'Source binding is not used as a term or value.'
        failures.push({ field, code: 'unused binding', description })
      }
      return failures
    })
  })
}

/** The partitions that count: those of a unique index are one, whatever it says. */
function partitionsOf(fields: ObjectValue): Value {
  return fields.get('unique') === true ? 1n : (fields.get('partitions') ?? 1n)
}

function shapeOf(fields: ObjectValue): ObjectValue {
  return new Map([...fields].filter(([name]) => shapeFields.includes(name)))
}

/** An index stays what it is: its sources, terms, values and partitions. */
export function checkShape(old: ObjectValue, fields: ObjectValue): FieldFailure[] {
  const [before, after] = [partitionsOf(old), partitionsOf(fields)]
  if (before !== after) {
    const description = `Index partition count may not be updated (${String(before)} -> ${String(after)}).`
    return [{ field: [], code: 'invalid index', description }]
  }
  const [shape, wanted] = [shapeOf(old), shapeOf(fields)]
  if (isEqual(shape, wanted)) return []
  const diff = describe(diffFields(shape, wanted))
  const description = `Index sources, terms, and values may not be updated (Diff(${diff}))`
  return [{ field: [], code: 'invalid index', description }]
}

/** Values as the real server writes them into such messages: no JSON, though it looks like it. */
function describe(value: Value): string {
  if (Array.isArray(value)) return `[ ${value.map(describe).join(', ')} ]`
  if (value instanceof Map) return `{ ${[...value].map(([key, field]) => `"${key}" : ${describe(field)}`).join(', ')} }`
  if (typeof value === 'string') return `"${value}"`
  if (value instanceof Ref) return `DocID(SubID(${value.id}),CollectionID(${value.collection}))`
  if (value instanceof Time) return formatTime(value.nanoseconds)
  if (value instanceof CalendarDate) return formatDate(value.days)
  if (value instanceof Uuid) return value.text
  if (value instanceof Bytes) return `Bytes("${Buffer.from(value.bytes).toString('hex')}")`
  return String(value)
}
