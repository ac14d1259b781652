/**
 * Values and expressions as the text of the wire (protocol.md D.1, D.2).
 */
import { formatBase64 } from './bytes.ts'
import { sourceValue } from './compare.ts'
import { dialectOf, showsVersion } from './dialects.ts'
import type { Dialect } from './dialects.ts'
import { writeDouble } from './double.ts'
import { writeString } from './json.ts'
import { COLLECTIONS, INDEXES, collectionOf, isNamed, nativeOfKind, natives, nativesByName } from './native.ts'
import { describeSet } from './set-shapes.ts'
import { formatDate, formatTime } from './time.ts'
import {
  Action,
  Bytes,
  CalendarDate,
  DocumentEventValue,
  EventPlace,
  Lambda,
  Page,
  PendingTime,
  Ref,
  SetEventValue,
  SetValue,
  Time,
  UnresolvedRef,
  Uuid,
  VersionValue,
} from './values.ts'
import type { ActionName, Expression, FormExpression, ObjectValue, SetForm, Sourced, Value } from './values.ts'

/** What the text depends on besides the value. */
export type RenderContext = {
  /** The number of the database of the request: refs into others say so. */
  readonly database: number
  readonly apiVersion: string
  /** The name of a schema document. */
  readonly nameOf: (ref: Ref) => string | undefined
  /** The ref of a database, from its number. */
  readonly refOfDatabase: (database: number) => Ref | undefined
  /** Called for every string of bytes: where streams cannot render them, it throws. */
  readonly onBytes?: () => void
  /** What a time of writes is shown as, in microseconds, where that is not itself. */
  readonly timeOf?: (ts: number) => number
}

/** `"key":text`, joined; what has no text is left out. */
function writeObject(fields: Iterable<readonly [string, string | undefined]>): string {
  const parts: string[] = []
  for (const [key, text] of fields) if (text !== undefined) parts.push(`${writeString(key)}:${text}`)
  return `{${parts.join()}}`
}

/** Where sets have functions, they stand without their escape. */
const lambdaKeys: ReadonlySet<string> = new Set(['filter', 'with'])

/** Renders values of one request. */
export class Renderer {
  readonly #context: RenderContext
  readonly #dialect: Dialect

  constructor(context: RenderContext) {
    this.#context = context
    this.#dialect = dialectOf(context.apiVersion)
  }

  /** The text of a value. */
  value(value: Value): string {
    return this.#render(value) ?? 'null'
  }

  /** The text of an object, bare: no `@obj` around it, no escape. */
  fields(fields: ObjectValue): string {
    return writeObject([...fields].map(([key, value]) => [key, this.#render(value)] as const))
  }

  /** `{"ref":…,"ts":…,…}`: a version, or what an event shows of one. */
  version(ref: Ref, ts: number, fields: ObjectValue): string {
    return this.#head(ref, ts, fields, '')
  }

  /** A version; `collection` is what stands between its ref, where that has a text, and its time. */
  #head(ref: Ref, ts: number, fields: ObjectValue, collection: string): string {
    const rest = this.fields(fields).slice(1)
    const own = this.#ref(ref)
    return `{${own === undefined ? '' : `"ref":${own},`}${collection}"ts":${this.#time(ts)}${rest === '}' ? rest : `,${rest}`}`
  }

  #time(ts: number): number {
    return this.#context.timeOf?.(ts) ?? ts
  }

  #render(value: Value): string | undefined {
    if (value === null) return 'null'
    switch (typeof value) {
      case 'string':
        return writeString(value)
      case 'bigint':
        return value.toString()
      case 'boolean':
        return String(value)
      case 'number':
        return writeDouble(value)
    }
    if (Array.isArray(value)) return this.#array(value)
    if (value instanceof Map) return this.#object(value)
    return this.#instance(value)
  }

  #array(values: readonly Value[]): string {
    const parts: string[] = []
    for (const value of values) {
      const text = this.#render(value)
      if (text !== undefined) parts.push(text)
    }
    return `[${parts.join()}]`
  }

  #object(value: ObjectValue): string {
    const text = this.fields(value)
    for (const key of value.keys()) if (key.startsWith('@')) return `{"@obj":${text}}`
    return text
  }

  #instance(
    value: Exclude<Value, null | string | bigint | boolean | number | Value[] | ObjectValue>,
  ): string | undefined {
    if (value instanceof Ref) return this.#ref(value)
    if (value instanceof VersionValue) return this.#versionValue(value)
    if (value instanceof Time) return `{"@ts":"${formatTime(value.nanoseconds)}"}`
    if (value instanceof CalendarDate) return `{"@date":"${formatDate(value.days)}"}`
    if (value instanceof Bytes) return this.#bytes(value)
    if (value instanceof Uuid) return `{"@uuid":"${value.text}"}`
    if (value instanceof UnresolvedRef) return this.#unresolvedRef(value)
    if (value instanceof SetValue) return this.#set(value.form)
    if (value instanceof Lambda) return `{"@query":${this.#lambda(value)}}`
    if (value instanceof Page) return this.#page(value)
    if (value instanceof DocumentEventValue) return this.#documentEvent(value)
    if (value instanceof SetEventValue) return this.#setEvent(value)
    if (value instanceof EventPlace) return this.#eventPlace(value)
    if (value instanceof Action) return writeString(this.action(value.name))
    if (value instanceof PendingTime) return String(this.#time(value.micros))
    return this.#sourced(value)
  }

  /** The oldest version of the API has the collection of a document behind its ref (Renderable.scala, VersionL). */
  #versionValue({ ref, ts, fields }: VersionValue): string {
    const collection = this.#dialect.hasClass ? `"class":${this.value(collectionOf(ref))},` : ''
    return this.#head(ref, ts, ref.collection === INDEXES ? this.#indexFields(fields) : fields, collection)
  }

  /** The sources of an index name their collection by the word of the version (Transformations.scala:22). */
  #indexFields(fields: ObjectValue): ObjectValue {
    const [old, word] = this.#dialect.refs === 'collection' ? ['class', 'collection'] : ['collection', 'class']
    const rename = (source: Value): Value =>
      source instanceof Map ? new Map([...source].map(([key, value]) => [key === old ? word : key, value])) : source
    const source = fields.get('source') ?? null
    const renamed = Array.isArray(source) ? source.map(rename) : rename(source)
    return fields.has('source') ? new Map(fields).set('source', renamed) : fields
  }

  #bytes(value: Bytes): string {
    this.#context.onBytes?.()
    return `{"@bytes":"${formatBase64(value.bytes)}"}`
  }

  #page({ before, after, data }: Page): string {
    return writeObject([
      ['before', before === undefined ? undefined : this.value(before)],
      ['after', after === undefined ? undefined : this.value(after)],
      ['data', this.#array(data)],
    ])
  }

  /** The word for an action. */
  action(name: ActionName): ActionName {
    return this.#dialect.actions[name] ?? name
  }

  #documentEvent({ ts, action, ref, fields }: DocumentEventValue): string {
    const shown = this.#dialect.hasEventData ? `,"data":${this.value(fields.get('data') ?? null)}` : ''
    return `${this.#eventHead(ts, action, ref)}${shown}}`
  }

  #setEvent({ ts, action, ref, values }: SetEventValue): string {
    const shown = values === undefined ? '' : `,"${this.#dialect.eventValues}":${this.#array(values)}`
    return `${this.#eventHead(ts, action, ref)}${shown}}`
  }

  #eventPlace({ ts, action, ref, values }: EventPlace): string {
    const shown = values.length === 0 ? '' : `,"${this.#dialect.eventValues}":${this.#array(values)}`
    return `${this.#eventHead(ts, action, ref)}${shown}}`
  }

  #eventHead(ts: number | bigint, action: ActionName, ref: Ref | undefined): string {
    const document = ref === undefined ? '' : `,"${this.#dialect.eventDocument}":${this.value(ref)}`
    return `{"ts":${typeof ts === 'number' ? this.#time(ts) : ts},"action":"${this.action(action)}"${document}`
  }

  #sourced({ value, sources }: Sourced): string {
    const sets = sources.map(source => this.value(sourceValue(source)))
    return `{"value":${this.value(value)},"sources":[${sets.join()}]}`
  }

  #set(form: SetForm): string {
    if (form.kind === 'documents' && form.isSource === true) return '{"@set":null}'
    return `{"@set":${this.#setFields(form)}}`
  }

  #setFields(form: SetForm): string {
    return writeObject(
      [...describeSet(form)].map(([key, part]) => {
        if (key === 'events' && part instanceof SetValue) return [key, this.#setFields(part.form)] as const
        if (part instanceof Lambda && lambdaKeys.has(key)) return [key, this.#lambda(part)] as const
        return [key, this.value(part)] as const
      }),
    )
  }

  #ref(ref: Ref): string | undefined {
    const names = this.#namesOf(ref)
    if (names === undefined) return undefined
    const scope = ref.database === this.#context.database ? '' : this.#scope(ref.database)
    return scope === undefined ? undefined : writeRef(names, scope, this.#dialect)
  }

  /** What leads to a ref: a native collection, a name in it, an id in that; undefined where a name is gone. */
  #namesOf(ref: Ref): string[] | undefined {
    const native = natives.get(ref.collection)
    if (native === undefined) {
      const collection = this.#namesOf(collectionOf(ref))
      return collection && [...collection, ref.id.toString()]
    }
    const meant = ref.collection === COLLECTIONS ? natives.get(Number(ref.id)) : undefined
    if (meant !== undefined) return [meant.name]
    const name = isNamed(ref.collection) ? this.#context.nameOf(ref) : ref.id.toString()
    return name === undefined ? undefined : [native.name, name]
  }

  #scope(database: number): string | undefined {
    const ref = this.#context.refOfDatabase(database)
    const text = ref && this.#ref(ref)
    return text && `,"database":${text}`
  }

  #unresolvedRef(ref: UnresolvedRef): string {
    const names = [natives.get(nativeOfKind[ref.kind])?.name ?? '', ref.name]
    const scope = ref.scope === undefined ? '' : `,"database":${this.value(ref.scope)}`
    return writeRef(ref.id === undefined ? names : [...names, ref.id], scope, this.#dialect)
  }

  #lambda(lambda: Lambda): string {
    const body = this.expression(lambda.body)
    const captured = [...lambda.captured].map(([name, value]) => [name, this.value(value)] as const)
    const expr = captured.length === 0 ? body : `{"let":${writeObject(captured)},"in":${body}}`
    const version = showsVersion(lambda.apiVersion, this.#context.apiVersion)
      ? `"api_version":${writeString(lambda.apiVersion)},`
      : ''
    return `{${version}${lambdaHead(lambda.parameters)},"expr":${expr}}`
  }

  /** The text of an expression, in its normal form: `let` with an object, data in its escapes. */
  expression(expression: Expression): string {
    switch (expression.kind) {
      case 'literal':
        return this.value(expression.value)
      case 'array':
        return `[${expression.items.map(item => this.expression(item)).join()}]`
      case 'object':
      case 'bindings':
        return writeObject(this.#bound(expression.kind === 'object' ? expression.fields : expression.bindings))
      case 'lambda':
        return `{${lambdaHead(expression.parameters)},"expr":${this.expression(expression.body)}}`
      case 'form':
        return this.#form(expression)
    }
  }

  #form({ name, head = name, parts }: FormExpression): string {
    return writeObject([...parts].map(([key, part]) => [key === name ? head : key, this.expression(part)]))
  }

  #bound(bindings: readonly { name: string; value: Expression }[]): (readonly [string, string])[] {
    return bindings.map(({ name, value }) => [name, this.expression(value)])
  }
}

function lambdaHead(parameters: string | readonly string[]): string {
  const names = typeof parameters === 'string' ? writeString(parameters) : `[${parameters.map(writeString).join()}]`
  return `"lambda":${names}`
}

/** A ref from what leads to it; its scope stands at the schema document, or at a collection without names. */
function writeRef(names: readonly string[], scope: string, { refs }: Dialect): string {
  const [first = '', ...rest] = names
  const steps = [first === 'collections' && refs !== 'collection' ? 'classes' : first, ...rest]
  if (refs === 'path') return `{"@ref":${writeString(steps.join('/'))}}`
  const scopedStep = steps.length > 1 && nativesByName.get(first)?.kind !== undefined ? 1 : 0
  return steps.reduce((collection, step, i) => {
    const within = collection === '' ? '' : `,"${refs}":${collection}`
    return `{"@ref":{"id":${writeString(step)}${within}${i === scopedStep ? scope : ''}}}`
  }, '')
}
