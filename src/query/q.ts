/** `q`: each function with its parameters and one sentence, made of the table's rows and the hand-written few. */
import { Bytes } from '../values/index.ts'
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
  /** All that stands at a path, where an array on the way stands for each of its elements; an array. */
  SelectAll(path: ExprArg, from: ExprArg, fallback?: ExprArg): Expr
  /** Another name of `SelectAll`. */
  SelectAsIndex(path: ExprArg, from: ExprArg, fallback?: ExprArg): Expr
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
  /** A ref from its wire form, as `'collections/orders/1'`. */
  Ref(wire: ExprArg): Expr
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
  /** The ref of an access provider. */
  AccessProvider(name: ExprArg): Expr
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
  /** The set of access providers. */
  AccessProviders(scope?: ExprArg): Expr
  /** A fresh id for a document, as decimal digits. */
  NewId(): Expr
  /** The older name of `NewId`. */
  NextId(): Expr

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
  /** The older name of `CreateCollection`. */
  CreateClass(params: ExprArg): Expr
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
  /** Creates an access provider; `params` as `{ name, issuer, jwks_uri, roles? }`. */
  CreateAccessProvider(params: ExprArg): Expr
  /** Moves a child database into another one. */
  MoveDatabase(database: ExprArg, to: ExprArg): Expr

  // Who asks.
  /** Whether a password is that of a document's credentials. */
  Identify(ref: ExprArg, password: ExprArg): Expr
  /** A token for a document with credentials; `params` as `{ password: … }`. */
  Login(ref: ExprArg, params: ExprArg): Expr
  /** Deletes the token of this query, or with `true` all tokens of its document. */
  Logout(all: ExprArg): Expr
  /** The key that a secret was given out for. */
  KeyFromSecret(secret: ExprArg): Expr
  /** The older name of `CurrentIdentity`. */
  Identity(): Expr
  /** The older name of `HasCurrentIdentity`. */
  HasIdentity(): Expr
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
  /** The older name of `ContainsPath`. */
  Contains(path: ExprArg, value: ExprArg): Expr
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
  /** A pattern that matches a string and nothing else. */
  RegexEscape(value: ExprArg): Expr
  /** How many characters (code points) a string has. */
  Length(value: ExprArg): Expr
  /** A string in small letters. */
  LowerCase(value: ExprArg): Expr
  /** A string in capital letters. */
  UpperCase(value: ExprArg): Expr
  /** A string whose words begin with a capital and go on small. */
  TitleCase(value: ExprArg): Expr
  /** A string without white space at both ends. */
  Trim(value: ExprArg): Expr
  /** A string without white space at its beginning. */
  LTrim(value: ExprArg): Expr
  /** A string without white space at its end. */
  RTrim(value: ExprArg): Expr
  /** The pieces of `min` (1) to `max` (2) characters that a string, or each of an array, has; `max` is at most `min` + 1. */
  NGram(terms: ExprArg, min?: ExprArg, max?: ExprArg): Expr
  /** A string so many times over, at most 1024; twice if `number` is left out. */
  Repeat(value: ExprArg, number?: ExprArg): Expr
  /** So many blanks, at most 1024. */
  Space(count: ExprArg): Expr
  /** The part of a string from a character on, counted from the end where negative; to its end, or of a length. */
  SubString(value: ExprArg, start?: ExprArg, length?: ExprArg): Expr
  /** A text with values put in for its conversions: `%s`, `%d`, `%.2f`, `%tF` as in Java, `%@` for any value as JSON. */
  Format(text: ExprArg, ...values: ExprArg[]): Expr
  /** Whether a string begins with another. */
  StartsWith(value: ExprArg, search: ExprArg): Expr
  /** Whether a string ends with another. */
  EndsWith(value: ExprArg, search: ExprArg): Expr
  /** Whether a string has another in it. */
  ContainsStr(value: ExprArg, search: ExprArg): Expr
  /** Whether a pattern, as of Java, matches somewhere in a string. */
  ContainsStrRegex(value: ExprArg, pattern: ExprArg): Expr
  /** Where a string first has another in it, from `start` on, in characters; -1 if nowhere. */
  FindStr(value: ExprArg, find: ExprArg, start?: ExprArg): Expr
  /** Where a pattern matches in a string: an array of `{ start, end, data }`, of at most `numResults` (1024). */
  FindStrRegex(value: ExprArg, pattern: ExprArg, start?: ExprArg, numResults?: ExprArg): Expr
  /** A string with another one replaced wherever it stands. */
  ReplaceStr(value: ExprArg, find: ExprArg, replace: ExprArg): Expr
  /** A string with the matches of a pattern replaced, or the first only; `$1` and `${name}` stand for its groups. */
  ReplaceStrRegex(value: ExprArg, pattern: ExprArg, replace: ExprArg, first?: ExprArg): Expr
  /** The pieces of a string between tokens, at most `count`; only version `UNSTABLE` of the API has it. */
  SplitStr(value: ExprArg, token: ExprArg, count?: ExprArg): Expr
  /** The pieces of a string between matches of a pattern, at most `count`; only version `UNSTABLE` has it. */
  SplitStrRegex(value: ExprArg, pattern: ExprArg, count?: ExprArg): Expr

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
  /** The bits that all numbers have. */
  BitAnd(...values: ExprArg[]): Expr
  /** The bits that at least one of the numbers has. */
  BitOr(...values: ExprArg[]): Expr
  /** The bits that an odd count of the numbers has. */
  BitXor(...values: ExprArg[]): Expr
  /** A number with all its bits turned over. */
  BitNot(value: ExprArg): Expr
  /** The least whole number that is not below a number. */
  Ceil(value: ExprArg): Expr
  /** The greatest whole number that is not above a number. */
  Floor(value: ExprArg): Expr
  /** A number rounded to places behind the point (2), or before it where `precision` is negative; halves go up. */
  Round(value: ExprArg, precision?: ExprArg): Expr
  /** A number cut off behind places behind the point (2), or before it where `precision` is negative. */
  Trunc(value: ExprArg, precision?: ExprArg): Expr
  /** -1, 0 or 1: whether a number is negative, zero or positive. */
  Sign(value: ExprArg): Expr
  /** The square root of a number, which may not be negative. */
  Sqrt(value: ExprArg): Expr
  /** A number to the power of `exponent` (2), a double. */
  Pow(value: ExprArg, exponent?: ExprArg): Expr
  /** The base of natural logarithms to the power of a number. */
  Exp(value: ExprArg): Expr
  /** The natural logarithm of a positive number. */
  Ln(value: ExprArg): Expr
  /** The logarithm to the base 10 of a positive number. */
  Log(value: ExprArg): Expr
  /** The long side of a right-angled triangle with these two others; with one, both are the same. */
  Hypot(value: ExprArg, side?: ExprArg): Expr
  /** The sine of an angle in radians. */
  Sin(value: ExprArg): Expr
  /** The cosine of an angle in radians. */
  Cos(value: ExprArg): Expr
  /** The tangent of an angle in radians. */
  Tan(value: ExprArg): Expr
  /** The angle in radians of a sine, from -1 to 1. */
  Asin(value: ExprArg): Expr
  /** The angle in radians of a cosine, from -1 to 1. */
  Acos(value: ExprArg): Expr
  /** The angle in radians of a tangent. */
  Atan(value: ExprArg): Expr
  /** The hyperbolic sine of a number. */
  Sinh(value: ExprArg): Expr
  /** The hyperbolic cosine of a number. */
  Cosh(value: ExprArg): Expr
  /** The hyperbolic tangent of a number. */
  Tanh(value: ExprArg): Expr
  /** Radians as degrees. */
  Degrees(value: ExprArg): Expr
  /** Degrees as radians. */
  Radians(value: ExprArg): Expr

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
  /** The second of a time, 0 to 59; as all of these, in UTC. */
  Second(value: ExprArg): Expr
  /** The minute of a time, 0 to 59. */
  Minute(value: ExprArg): Expr
  /** The hour of a time, 0 to 23. */
  Hour(value: ExprArg): Expr
  /** The day of the month of a time, 1 to 31. */
  DayOfMonth(value: ExprArg): Expr
  /** The day of the week of a time, 1 (Monday) to 7. */
  DayOfWeek(value: ExprArg): Expr
  /** The day of the year of a time, 1 to 366. */
  DayOfYear(value: ExprArg): Expr
  /** The month of a time, 1 to 12. */
  Month(value: ExprArg): Expr
  /** The year of a time. */
  Year(value: ExprArg): Expr

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

  // Tests of type.
  /** Whether a value is a number. */
  IsNumber(value: ExprArg): Expr
  /** Whether a value is a double. */
  IsDouble(value: ExprArg): Expr
  /** Whether a value is an integer. */
  IsInteger(value: ExprArg): Expr
  /** Whether a value is a boolean. */
  IsBoolean(value: ExprArg): Expr
  /** Whether a value is null. */
  IsNull(value: ExprArg): Expr
  /** Whether a value is bytes. */
  IsBytes(value: ExprArg): Expr
  /** Whether a value is a time. */
  IsTimestamp(value: ExprArg): Expr
  /** Whether a value is a date. */
  IsDate(value: ExprArg): Expr
  /** Whether a value is a UUID. */
  IsUUID(value: ExprArg): Expr
  /** Whether a value is a string. */
  IsString(value: ExprArg): Expr
  /** Whether a value is an array. */
  IsArray(value: ExprArg): Expr
  /** Whether a value is an object: a plain one, a document, a page or an event. */
  IsObject(value: ExprArg): Expr
  /** Whether a value is a ref. */
  IsRef(value: ExprArg): Expr
  /** Whether a value is a set, as the native collections are. */
  IsSet(value: ExprArg): Expr
  /** Whether a value is a document or the ref of one. */
  IsDoc(value: ExprArg): Expr
  /** Whether a value is a lambda. */
  IsLambda(value: ExprArg): Expr
  /** Whether a value is a collection or its ref. */
  IsCollection(value: ExprArg): Expr
  /** Whether a value is a database or its ref. */
  IsDatabase(value: ExprArg): Expr
  /** Whether a value is an index or its ref. */
  IsIndex(value: ExprArg): Expr
  /** Whether a value is a user-defined function or its ref. */
  IsFunction(value: ExprArg): Expr
  /** Whether a value is a key or its ref. */
  IsKey(value: ExprArg): Expr
  /** Whether a value is a token or its ref. */
  IsToken(value: ExprArg): Expr
  /** Whether a value is credentials or their ref. */
  IsCredentials(value: ExprArg): Expr
  /** Whether a value is a role or its ref. */
  IsRole(value: ExprArg): Expr

  /** Ends the query with an error, undoing its writes. */
  Abort(message: ExprArg): Expr
  /** Bytes, from themselves or from base64; a value, as `Uint8Array` is one wherever an expression may stand. */
  Bytes(value: string | ArrayBuffer | Uint8Array): Bytes
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
export const q: Readonly<Builders> = Object.freeze({
  ...tabled,
  ...special,
  Bytes: (value: string | ArrayBuffer | Uint8Array) => new Bytes(value),
})
