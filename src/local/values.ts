/**
 * What FQL can say: every value of the language, and the checked expressions that lambdas are made of (a lambda is
 * a value, so both stand here). Integers are `bigint`, doubles are `number`, objects are `Map`s that keep the order
 * of their keys; what holds no other values is in `scalars.ts`. Nothing in here knows the wire or the store.
 */
import type { FormName } from '../query/forms.ts'
import type { Position } from './position.ts'
import type { Action, ActionName, Bytes, CalendarDate, PendingTime, Ref, Time, UnresolvedRef, Uuid } from './scalars.ts'

export { Action, Bytes, CalendarDate, PendingTime, Ref, Time, UnresolvedRef, Uuid } from './scalars.ts'
export type { ActionName, SchemaKind } from './scalars.ts'

/** Any value of the language. */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Value[]
  | ObjectValue
  | Bytes
  | Time
  | CalendarDate
  | Uuid
  | Ref
  | UnresolvedRef
  | SetValue
  | Lambda
  | Page
  | VersionValue
  | DocumentEventValue
  | SetEventValue
  | EventPlace
  | Sourced
  | Action
  | PendingTime

/** An object: keys in the order in which they were given. */
export type ObjectValue = Map<string, Value>

/** What a set is made of. */
export type SetForm =
  | { readonly kind: 'match'; readonly index: Ref; readonly terms: readonly Value[] }
  /** `isSchema` where it was written as `collections()`, `keys()` and so on; `isSource` where an element tells of it. */
  | { readonly kind: 'documents'; readonly collection: Ref; readonly isSchema?: true; readonly isSource?: true }
  /** `isDocument` where it was written as the ref of a document. */
  | { readonly kind: 'singleton'; readonly ref: Ref; readonly isDocument?: true }
  | { readonly kind: 'events'; readonly of: SetForm | Ref }
  | { readonly kind: 'union' | 'intersection' | 'difference'; readonly sets: readonly SetForm[] }
  | { readonly kind: 'distinct' | 'reverse'; readonly set: SetForm }
  | { readonly kind: 'range'; readonly set: SetForm; readonly from: Bound; readonly to: Bound }
  | { readonly kind: 'filter'; readonly set: SetForm; readonly lambda: Lambda }
  | { readonly kind: 'join'; readonly set: SetForm; readonly target: Lambda | Ref }

/**
 * A place between the elements of a set: just below all that begin with these values, and with the document if there
 * is one; or just above them.
 */
export type Bound = { readonly values: readonly Value[]; readonly ref?: Ref | undefined; readonly isAbove?: boolean }

/** A set, not yet read. */
export class SetValue {
  readonly form: SetForm
  constructor(form: SetForm) {
    this.form = form
  }
}

/** A function with what it captured. */
export class Lambda {
  readonly parameters: string | readonly string[]
  readonly body: Expression
  readonly captured: ReadonlyMap<string, Value>
  readonly apiVersion: string
  /** Where the function stood in the request: errors inside it are told from there. */
  readonly at: Position
  constructor(
    parameters: string | readonly string[],
    body: Expression,
    captured: ReadonlyMap<string, Value>,
    apiVersion: string,
    at: Position,
  ) {
    this.parameters = parameters
    this.body = body
    this.captured = captured
    this.apiVersion = apiVersion
    this.at = at
  }

  /** The same function, told from another place. */
  placedAt(at: Position): Lambda {
    return new Lambda(this.parameters, this.body, this.captured, this.apiVersion, at)
  }
}

/** One page of a set. */
export class Page {
  readonly data: Value[]
  readonly before: Value | undefined
  readonly after: Value | undefined
  /** The cursors that lead to the elements as they were read. */
  readonly cursors: readonly Value[]
  constructor(data: Value[], before?: Value, after?: Value, cursors: readonly Value[] = []) {
    this.data = data
    this.before = before
    this.after = after
    this.cursors = cursors
  }

  /** The same page with other data. */
  with(data: Value[]): Page {
    return new Page(data, this.before, this.after, this.cursors)
  }
}

/** A version of a document as a query sees it. */
export class VersionValue {
  readonly ref: Ref
  /** Microseconds; of a version that this query wrote, its commit time (which the query itself cannot know). */
  readonly ts: number
  readonly fields: ObjectValue
  readonly isPending: boolean
  /** Made by a `create` of this query: such an answer has the status 201. */
  readonly isCreated: boolean
  constructor(ref: Ref, ts: number, fields: ObjectValue, isPending = false, isCreated = false) {
    this.ref = ref
    this.ts = ts
    this.fields = fields
    this.isPending = isPending
    this.isCreated = isCreated
  }
}

/** An element of a document's history. */
export class DocumentEventValue {
  readonly ts: number
  readonly action: ActionName
  readonly ref: Ref
  /** What was changed of the fields of the document; of a deletion it is that `data` is null. */
  readonly fields: ObjectValue
  constructor(ts: number, action: ActionName, ref: Ref, fields: ObjectValue) {
    this.ts = ts
    this.action = action
    this.ref = ref
    this.fields = fields
  }
}

/** What a deletion changes. */
export const DELETED_FIELDS: ReadonlyMap<string, Value> = new Map([['data', null]])

/** An element of a set's history; `values` is absent where the index covers none. */
export class SetEventValue {
  readonly ts: number
  readonly action: ActionName
  readonly ref: Ref
  readonly values: readonly Value[] | undefined
  constructor(ts: number, action: ActionName, ref: Ref, values?: readonly Value[]) {
    this.ts = ts
    this.action = action
    this.ref = ref
    this.values = values
  }
}

/** A place in history as a cursor shows it: without data of the document, and maybe without a document. */
export class EventPlace {
  /** Microseconds. */
  readonly ts: bigint
  readonly action: ActionName
  readonly ref: Ref | undefined
  readonly values: readonly Value[]
  /** What was changed of the document, where it is the place of an element of its history: only a path shows it. */
  readonly changed: ObjectValue | undefined
  constructor(
    ts: bigint,
    action: ActionName,
    ref: Ref | undefined,
    values: readonly Value[],
    changed?: ObjectValue | undefined,
  ) {
    this.ts = ts
    this.action = action
    this.ref = ref
    this.values = values
    this.changed = changed
  }
}

/** An element of a page with the sets that it came from. */
export class Sourced {
  readonly value: Value
  readonly sources: readonly SetForm[]
  constructor(value: Value, sources: readonly SetForm[]) {
    this.value = value
    this.sources = sources
  }
}

/** A checked expression. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: Value; readonly at: Position }
  | { readonly kind: 'array'; readonly items: readonly Expression[]; readonly at: Position }
  | { readonly kind: 'object'; readonly fields: readonly Binding[]; readonly at: Position }
  | {
      readonly kind: 'lambda'
      readonly parameters: string | readonly string[]
      readonly body: Expression
      readonly apiVersion: string
      readonly at: Position
    }
  | { readonly kind: 'bindings'; readonly bindings: readonly Binding[]; readonly at: Position }
  | FormExpression

/** A call of a form: its arguments by key, in the order of the request. */
export type FormExpression = {
  readonly kind: 'form'
  readonly name: FormName
  readonly parts: ReadonlyMap<string, Expression>
  readonly at: Position
  /** The form's own key, where it is not the name: among the parts it has the name all the same. */
  readonly head?: string
  /** Set on forms that evaluate what they need, in versions in which they evaluated all of it first. */
  readonly isEager?: boolean
}

/** The parameter of a function that names nothing: what comes for it is let go. */
export const NO_NAME = '_'

/** A name and the expression that it stands for. */
export type Binding = { readonly name: string; readonly value: Expression }
