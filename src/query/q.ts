/** `q`: each function with its parameters and one sentence, made of the table's rows and the hand-written few. */
import { builders, type BuilderName } from './builders.ts'
import type { Expr, ExprArg } from './expr.ts'
import { build, toShape, type Arguments } from './shapes.ts'
import { special, type Bindings, type PaginateOptions } from './special.ts'

/**
 * The functions that make expressions, under the names of the official driver. Where they take an expression they take
 * plain data and values too. Each throws `OptionError`, naming itself and the argument, for a wrong number of arguments
 * and for what has no wire form (`NaN`, a cycle …); what an argument means is the server's to judge.
 */
export interface Builders {
  // Special forms.
  /** The value of an expression as it was at a time: reads in it see the database of then. */
  At(time: ExprArg, expr: ExprArg): Expr
  /** A variable of a `Let` or `Lambda` around it. */
  Var(name: ExprArg): Expr
  /**
   * Names values, each of which may use those before it, for the body: an expression, or a function that gets a
   * variable for each name in order.
   */
  Let(bindings: Bindings, body: ExprArg): Expr
  /** One of two expressions; only that one is evaluated. */
  If(condition: ExprArg, then: ExprArg, otherwise: ExprArg): Expr
  /** Whether all are true; those after the first that is not are not evaluated. */
  And(...values: ExprArg[]): Expr
  /** Whether one is true; those after it are not evaluated. */
  Or(...values: ExprArg[]): Expr
  /** Evaluates one after the other and gives the value of the last. */
  Do(...exprs: ExprArg[]): Expr
  /** An object. A plain object in an expression is the same. */
  Object(fields: Readonly<Record<string, ExprArg | undefined>>): Expr
  /** Wire JSON taken as data: its objects are not calls, its tags (`@ref`, `@ts` …) are values. */
  Quote(value: ExprArg): Expr
  /** Calls a user-defined function, by ref or name. */
  Call(fn: ExprArg, ...args: ExprArg[]): Expr
  /** A lambda as a value, to be stored in a function or a role. */
  Query(lambda: ExprArg): Expr
  /** A lambda from a function, whose parameters name its variables; or from names and an expression that uses `Var`. */
  Lambda(make: ExprArg): Expr
  Lambda(parameters: string | readonly string[], expr: ExprArg): Expr
  /**
   * What stands at a path (`['data', 'name']`) in a document, object, array or page; without a default, an error if
   * nothing does.
   */
  Select(path: ExprArg, from: ExprArg, fallback?: ExprArg): Expr
  /** The results of a lambda on each element of an array or page. */
  Map(collection: ExprArg, lambda: ExprArg): Expr
  /** Evaluates a lambda for each element of an array or page, and gives the collection back. */
  Foreach(collection: ExprArg, lambda: ExprArg): Expr
  /** The elements of an array, page or set for which a lambda is true. */
  Filter(collection: ExprArg, lambda: ExprArg): Expr
  /** Folds an array, page or set with a lambda of two parameters: what there is so far, and the element. */
  Reduce(lambda: ExprArg, initial: ExprArg, collection: ExprArg): Expr
  /** Two objects as one: fields of the second win, `null` removes; or a lambda of key and both values decides. */
  Merge(object: ExprArg, other: ExprArg, lambda?: ExprArg): Expr
  /** The elements of the sets that a lambda, or an index that takes them as terms, gives for each element of a set. */
  Join(set: ExprArg, target: ExprArg): Expr

  // Refs of schema, by name, and the sets that list them.
  /** The ref of a document: of a collection, and an id in digits. */
  Ref(collection: ExprArg, id: ExprArg, scope?: ExprArg): Expr
  /** The ref of a child database; `scope` is the database that it is in. */
  Database(name: ExprArg, scope?: ExprArg): Expr
  /** The ref of an index; `scope` is the child database that it is in. */
  Index(name: ExprArg, scope?: ExprArg): Expr
  /** The older name of `Collection`. */
  Class(name: ExprArg, scope?: ExprArg): Expr
  /** The ref of a collection; `scope` is the child database that it is in. */
  Collection(name: ExprArg, scope?: ExprArg): Expr
  /** The ref of a user-defined function; `scope` is the child database that it is in. */
  Function(name: ExprArg, scope?: ExprArg): Expr
  /** The ref of a role; `scope` is the child database that it is in. */
  Role(name: ExprArg, scope?: ExprArg): Expr
  /** The set of child databases. */
  Databases(scope?: ExprArg): Expr
  /** The set of indexes. */
  Indexes(scope?: ExprArg): Expr
  /** The older name of `Collections`. */
  Classes(scope?: ExprArg): Expr
  /** The set of collections. */
  Collections(scope?: ExprArg): Expr
  /** The set of keys. */
  Keys(scope?: ExprArg): Expr
  /** The set of tokens. */
  Tokens(scope?: ExprArg): Expr
  /** The set of credentials. */
  Credentials(scope?: ExprArg): Expr
  /** The set of user-defined functions. */
  Functions(scope?: ExprArg): Expr
  /** The set of roles. */
  Roles(scope?: ExprArg): Expr
  /** A fresh id for a document, as decimal digits. */
  NewId(): Expr

  // Sets.
  /** The set of one document, empty while the document is not there. */
  Singleton(ref: ExprArg): Expr
  /** The history of a document or set, as a set of events. */
  Events(ref: ExprArg): Expr
  /** The set of all documents of a collection. */
  Documents(collection: ExprArg): Expr
  /** The set of an index's entries for its terms; without terms for an index that has none. */
  Match(index: ExprArg, ...terms: ExprArg[]): Expr
  /** What is in at least one of the sets, or arrays. */
  Union(...sets: ExprArg[]): Expr
  /** What is in all of the sets, or arrays. */
  Intersection(...sets: ExprArg[]): Expr
  /** What is in the first of the sets, or arrays, and in none of the others. */
  Difference(...sets: ExprArg[]): Expr
  /** A set, page or array without repetitions. */
  Distinct(set: ExprArg): Expr
  /** A set, page or array in the opposite order. */
  Reverse(set: ExprArg): Expr
  /** The part of a set between two values of its index, both included; an empty array is no bound. */
  Range(set: ExprArg, from: ExprArg, to: ExprArg): Expr

  // Reads.
  /** Whether a document is there, or a set has a member; now, or at a time. */
  Exists(ref: ExprArg, ts?: ExprArg): Expr
  /** A document, by its ref or as the first of a set; now, or at a time. An error if there is none. */
  Get(ref: ExprArg, ts?: ExprArg): Expr
  /** The first element of a set or array. */
  First(set: ExprArg): Expr
  /** The last element of a set or array. */
  Last(set: ExprArg): Expr
  /** A page of a set, or of the history of a document, with cursors to the pages beside it. */
  Paginate(set: ExprArg, options?: PaginateOptions): Expr

  // Writes.
  /** Creates a document, in a collection or with a ref of its own choice; `params` as `{ data: … }`. */
  Create(collection: ExprArg, params?: ExprArg): Expr
  /** Changes the fields of a document that `params` has; `null` removes one. */
  Update(ref: ExprArg, params?: ExprArg): Expr
  /** Puts `params` in the place of a document's data. */
  Replace(ref: ExprArg, params?: ExprArg): Expr
  /** Deletes a document, and gives what it was. */
  Delete(ref: ExprArg): Expr
  /** Writes an event into a document's history: at a time, `'create'`, `'update'` or `'delete'`. */
  Insert(ref: ExprArg, ts: ExprArg, action: ExprArg, params?: ExprArg): Expr
  /** Takes an event out of a document's history. */
  Remove(ref: ExprArg, ts: ExprArg, action: ExprArg): Expr
  /** Creates a collection; `params` as `{ name: 'orders' }`. */
  CreateCollection(params: ExprArg): Expr
  /** Creates a child database; `params` as `{ name: 'shop' }`. */
  CreateDatabase(params: ExprArg): Expr
  /** Creates an index; `params` as `{ name, source, terms?, values?, unique? }`. */
  CreateIndex(params: ExprArg): Expr
  /** Creates a key, whose secret only this answer shows; `params` as `{ role: 'server', database? }`. */
  CreateKey(params: ExprArg): Expr
  /** Creates a user-defined function; `params` as `{ name, body: q.Query(…), role? }`. */
  CreateFunction(params: ExprArg): Expr
  /** Creates a role; `params` as `{ name, privileges, membership? }`. */
  CreateRole(params: ExprArg): Expr

  // Who asks.
  /** Whether a password is that of a document's credentials. */
  Identify(ref: ExprArg, password: ExprArg): Expr
  /** A token for a document with credentials; `params` as `{ password: … }`. */
  Login(ref: ExprArg, params: ExprArg): Expr
  /** Deletes the token of this query, or with `true` all tokens of its document. */
  Logout(all: ExprArg): Expr
  /** The ref of the document whose token asks. */
  CurrentIdentity(): Expr
  /** Whether a document's token asks. */
  HasCurrentIdentity(): Expr
  /** The ref of the token or key that asks. */
  CurrentToken(): Expr
  /** Whether a token or key of the database asks. */
  HasCurrentToken(): Expr

  // Comparison and logic.
  /** Whether all values are the same. */
  Equals(...values: ExprArg[]): Expr
  /** Whether each value is less than the next. */
  LT(...values: ExprArg[]): Expr
  /** Whether each value is less than the next, or the same. */
  LTE(...values: ExprArg[]): Expr
  /** Whether each value is greater than the next. */
  GT(...values: ExprArg[]): Expr
  /** Whether each value is greater than the next, or the same. */
  GTE(...values: ExprArg[]): Expr
  /** The opposite of a boolean. */
  Not(value: ExprArg): Expr
  /** Whether something stands at a path (`['data', 'name']`) in a value. */
  ContainsPath(path: ExprArg, value: ExprArg): Expr
  /** Whether an object or document has a field. */
  ContainsField(field: ExprArg, value: ExprArg): Expr
  /** Whether an object, array, page, set or ref has a value in it. */
  ContainsValue(sought: ExprArg, value: ExprArg): Expr

  // Arrays, pages and sets as collections of values.
  /** An array or page with elements put before it. */
  Prepend(elements: ExprArg, collection: ExprArg): Expr
  /** An array or page with elements put behind it. */
  Append(elements: ExprArg, collection: ExprArg): Expr
  /** The first elements of an array or page. */
  Take(count: ExprArg, collection: ExprArg): Expr
  /** An array or page without its first elements. */
  Drop(count: ExprArg, collection: ExprArg): Expr
  /** Whether an array, page or set has no element. */
  IsEmpty(collection: ExprArg): Expr
  /** Whether an array, page or set has an element. */
  IsNonEmpty(collection: ExprArg): Expr
  /** How many elements an array, page or set has. */
  Count(collection: ExprArg): Expr
  /** The sum of the numbers in an array, page or set. */
  Sum(collection: ExprArg): Expr
  /** The mean of the numbers in an array, page or set. */
  Mean(collection: ExprArg): Expr
  /** Whether a boolean in an array, page or set is true. */
  Any(collection: ExprArg): Expr
  /** Whether all booleans in an array, page or set are true. */
  All(collection: ExprArg): Expr
  /** The greatest of the values, or of one array, page or set. */
  Max(...values: ExprArg[]): Expr
  /** The least of the values, or of one array, page or set. */
  Min(...values: ExprArg[]): Expr

  // Strings.
  /** The strings of an array as one, with a separator between them. */
  Concat(strings: ExprArg, separator?: ExprArg): Expr
  /**
   * A string made fit for comparison without regard to case; the normalizer as `'NFKCCaseFold'`, which is the
   * default.
   */
  Casefold(value: ExprArg, normalizer?: ExprArg): Expr
  /** How many characters (code points) a string has. */
  Length(value: ExprArg): Expr
  /** A string in small letters. */
  LowerCase(value: ExprArg): Expr
  /** A string in capital letters. */
  UpperCase(value: ExprArg): Expr
  /** Whether a string begins with another. */
  StartsWith(value: ExprArg, search: ExprArg): Expr
  /** Whether a string ends with another. */
  EndsWith(value: ExprArg, search: ExprArg): Expr
  /** Whether a string has another in it. */
  ContainsStr(value: ExprArg, search: ExprArg): Expr

  // Numbers.
  /** A number without its sign. */
  Abs(value: ExprArg): Expr
  /** The sum of the numbers. */
  Add(...values: ExprArg[]): Expr
  /** The first number less the others. */
  Subtract(...values: ExprArg[]): Expr
  /** The product of the numbers. */
  Multiply(...values: ExprArg[]): Expr
  /** The first number divided by the others; of integers, an integer. */
  Divide(...values: ExprArg[]): Expr
  /** What is left of the first number when divided by the others. */
  Modulo(...values: ExprArg[]): Expr

  // Time.
  /** A time from ISO-8601 text, or `'now'`. */
  Time(value: ExprArg): Expr
  /** The time of this query. */
  Now(): Expr
  /** The time so many units after 1970-01-01T00:00:00Z; the unit as `'seconds'`, `'microseconds'`. */
  Epoch(number: ExprArg, unit: ExprArg): Expr
  /** A date from text as `'2024-05-01'`. */
  Date(value: ExprArg): Expr
  /** A time or date moved into the future; the unit as `'days'`. */
  TimeAdd(base: ExprArg, offset: ExprArg, unit: ExprArg): Expr
  /** A time or date moved into the past; the unit as `'days'`. */
  TimeSubtract(base: ExprArg, offset: ExprArg, unit: ExprArg): Expr
  /** How many whole units lie between two times or dates. */
  TimeDiff(start: ExprArg, finish: ExprArg, unit: ExprArg): Expr
  /** The microseconds of a time since 1970-01-01T00:00:00Z. */
  ToMicros(value: ExprArg): Expr
  /** The milliseconds of a time since 1970-01-01T00:00:00Z. */
  ToMillis(value: ExprArg): Expr
  /** The seconds of a time since 1970-01-01T00:00:00Z. */
  ToSeconds(value: ExprArg): Expr

  // Conversion.
  /** A value as a string. */
  ToString(value: ExprArg): Expr
  /** A value, as a string of digits, as a number. */
  ToNumber(value: ExprArg): Expr
  /** A number as a double; how to send a whole double, which JavaScript cannot tell from an integer. */
  ToDouble(value: ExprArg): Expr
  /** A number as an integer. */
  ToInteger(value: ExprArg): Expr
  /** A value, as a string or date, as a time. */
  ToTime(value: ExprArg): Expr
  /** A value, as a string or time, as a date. */
  ToDate(value: ExprArg): Expr
  /** An object from an array of pairs of key and value. */
  ToObject(value: ExprArg): Expr
  /** An array of pairs of key and value from an object. */
  ToArray(value: ExprArg): Expr

  /** Ends the query with an error, undoing its writes. */
  Abort(message: ExprArg): Expr
}

type TabledName = Exclude<BuilderName, keyof typeof special>
type Tabled = { readonly [Name in TabledName]: (...args: Arguments<Name>) => Expr }

const tabled = Object.fromEntries(
  (Object.keys(builders) as BuilderName[]).map((name): [BuilderName, (...args: ExprArg[]) => Expr] => [
    name,
    build(toShape(name)),
  ]),
) as unknown as Tabled

/** The functions that make expressions: `q.Get(q.Ref(q.Collection('orders'), '1'))`. */
export const q: Readonly<Builders> = Object.freeze({ ...tabled, ...special })
