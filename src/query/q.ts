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
 *
 * Below each stand the types that the server wants, the JSON that is sent, and the codes of the errors that it may
 * answer; `Lambda` is a function, or what `q.Lambda` makes. Reads and writes of what a key may not see or do are
 * `permission denied`.
 */
export interface Builders {
  // Special forms.
  /**
   * The value of an expression as it was at a time: reads in it see the database of then.
   *
   * Takes `time`: Time or Integer (µs); `expr`: anything.
   * Wire: `{ at: time, expr }`.
   * Errors: `invalid argument`, `invalid write time`, `bad request`.
   */
  At(time: ExprArg, expr: ExprArg): Expr
  /**
   * A variable of a `Let` or `Lambda` around it.
   *
   * Takes `name`: a name.
   * Wire: `{ var: name }`.
   * Errors: `invalid expression`.
   */
  Var(name: ExprArg): Expr
  /**
   * Names values, each of which may use those before it, for the body: an expression, or a function that gets a
   * variable for each name in order.
   *
   * Takes `bindings`: names and values; `body`: anything.
   * Wire: `{ let: bindings, in: body }`.
   * Errors: `invalid expression`.
   */
  Let(bindings: Bindings, body: ExprArg): Expr
  /**
   * One of two expressions; only that one is evaluated.
   *
   * Takes `condition`: Boolean; `then`: anything; `otherwise`: anything.
   * Wire: `{ if: condition, then, else: otherwise }`.
   * Errors: `invalid argument`.
   */
  If(condition: ExprArg, then: ExprArg, otherwise: ExprArg): Expr
  /**
   * Whether all are true; those after the first that is not are not evaluated.
   *
   * Takes `values`: Boolean.
   * Wire: `{ and: [...values] }`.
   * Errors: `invalid argument`, `invalid expression`.
   */
  And(...values: ExprArg[]): Expr
  /**
   * Whether one is true; those after it are not evaluated.
   *
   * Takes `values`: Boolean.
   * Wire: `{ or: [...values] }`.
   * Errors: `invalid argument`, `invalid expression`.
   */
  Or(...values: ExprArg[]): Expr
  /**
   * Evaluates one after the other and gives the value of the last.
   *
   * Takes `exprs`: anything.
   * Wire: `{ do: [...exprs] }`.
   * Errors: `invalid expression`.
   */
  Do(...exprs: ExprArg[]): Expr
  /**
   * An object. A plain object in an expression is the same.
   *
   * Takes `fields`: names and values.
   * Wire: `{ object: fields }`.
   */
  Object(fields: Readonly<Record<string, ExprArg | undefined>>): Expr
  /**
   * Wire JSON taken as data: its objects are not calls, its tags (`@ref`, `@ts` …) are values.
   *
   * Takes `value`: JSON.
   * Wire: `{ quote: value }`.
   * Errors: `invalid expression`.
   */
  Quote(value: ExprArg): Expr
  /**
   * Calls a user-defined function, by ref or name.
   *
   * Takes `fn`: Ref of a function, or its name; `args`: anything.
   * Wire: `{ call: fn, arguments: [...args] }`.
   * Errors: `invalid argument`, `call error`, `stack overflow`, `invalid ref`, `permission denied`.
   */
  Call(fn: ExprArg, ...args: ExprArg[]): Expr
  /**
   * A lambda as a value, to be stored in a function or a role.
   *
   * Takes `lambda`: Lambda.
   * Wire: `{ query: lambda }`.
   * Errors: `invalid expression`.
   */
  Query(lambda: ExprArg): Expr
  /**
   * A lambda from a function, whose parameters name its variables; or from names and an expression that uses `Var`.
   *
   * Takes `make`: a function.
   * Wire: `{ lambda, expr }`, of the names of its parameters and of what it gives.
   * Errors: `invalid expression`.
   */
  Lambda(make: ExprArg): Expr
  /**
   * The same of names and an expression that has them as variables.
   *
   * Takes `parameters`: a function, or names; `expr`: anything.
   * Wire: `{ lambda: parameters, expr }`.
   * Errors: `invalid expression`.
   */
  Lambda(parameters: string | readonly string[], expr: ExprArg): Expr
  /**
   * What stands at a path (`['data', 'name']`) in a document, object, array or page; without a default, an error if
   * nothing does.
   *
   * Takes `path`: String or Integer, or an array of them; `from`: anything; `fallback`: anything.
   * Wire: `{ select: path, from, default?: fallback }`.
   * Errors: `invalid argument`, `value not found`.
   */
  Select(path: ExprArg, from: ExprArg, fallback?: ExprArg): Expr
  /**
   * All that stands at a path, where an array on the way stands for each of its elements; an array.
   *
   * Takes `path`: String or Integer, or an array of them; `from`: anything; `fallback`: anything.
   * Wire: `{ select_all: path, from, default?: fallback }`.
   * Errors: `invalid argument`.
   */
  SelectAll(path: ExprArg, from: ExprArg, fallback?: ExprArg): Expr
  /**
   * Another name of `SelectAll`.
   *
   * Takes `path`: String or Integer, or an array of them; `from`: anything; `fallback`: anything.
   * Wire: `{ select_as_index: path, from, default?: fallback }`.
   * Errors: `invalid argument`.
   */
  SelectAsIndex(path: ExprArg, from: ExprArg, fallback?: ExprArg): Expr
  /**
   * The results of a lambda on each element of an array or page.
   *
   * Takes `collection`: Array or Page; `lambda`: Lambda.
   * Wire: `{ map: lambda, collection }`.
   * Errors: `invalid argument`.
   */
  Map(collection: ExprArg, lambda: ExprArg): Expr
  /**
   * Evaluates a lambda for each element of an array or page, and gives the collection back.
   *
   * Takes `collection`: Array or Page; `lambda`: Lambda.
   * Wire: `{ foreach: lambda, collection }`.
   * Errors: `invalid argument`.
   */
  Foreach(collection: ExprArg, lambda: ExprArg): Expr
  /**
   * The elements of an array, page or set for which a lambda is true.
   *
   * Takes `collection`: Array, Page or Set; `lambda`: Lambda that gives a Boolean.
   * Wire: `{ filter: lambda, collection }`.
   * Errors: `invalid argument`.
   */
  Filter(collection: ExprArg, lambda: ExprArg): Expr
  /**
   * Folds an array, page or set with a lambda of two parameters: what there is so far, and the element.
   *
   * Takes `lambda`: Lambda of two parameters; `initial`: anything; `collection`: Array, Page or Set.
   * Wire: `{ reduce: lambda, initial, collection }`.
   * Errors: `invalid argument`.
   */
  Reduce(lambda: ExprArg, initial: ExprArg, collection: ExprArg): Expr
  /**
   * Two objects as one: fields of the second win, `null` removes; or a lambda of key and both values decides.
   *
   * Takes `object`: Object; `other`: Object, or an array of them; `lambda`: Lambda of three parameters.
   * Wire: `{ merge: object, with: other, lambda? }`.
   * Errors: `invalid argument`.
   */
  Merge(object: ExprArg, other: ExprArg, lambda?: ExprArg): Expr
  /**
   * The elements of the sets that a lambda, or an index that takes them as terms, gives for each element of a set.
   *
   * Takes `set`: Set; `target`: Lambda that gives a Set, or Ref of an index.
   * Wire: `{ join: set, with: target }`.
   * Errors: `invalid argument`, `permission denied`, `instance not found`.
   */
  Join(set: ExprArg, target: ExprArg): Expr

  // Refs of schema, by name, and the sets that list them.
  /**
   * The ref of a document: of a collection, and an id in digits.
   *
   * Takes `collection`: Ref of a collection; `id`: Integer, or String of digits; `scope`: Ref of a database.
   * Wire: `{ ref: collection, id, scope? }`.
   * Errors: `invalid argument`.
   */
  Ref(collection: ExprArg, id: ExprArg, scope?: ExprArg): Expr
  /**
   * A ref from its wire form, as `'collections/orders/1'`.
   *
   * Takes `wire`: the wire form of a ref, or its path.
   * Wire: `{ '@ref': wire }`.
   * Errors: `invalid argument`, `invalid expression`.
   */
  Ref(wire: ExprArg): Expr
  /**
   * The ref of a child database; `scope` is the database that it is in.
   *
   * Takes `name`: String; `scope`: Ref of a database.
   * Wire: `{ database: name, scope? }`.
   * Errors: `invalid argument`.
   */
  Database(name: ExprArg, scope?: ExprArg): Expr
  /**
   * The ref of an index; `scope` is the child database that it is in.
   *
   * Takes `name`: String; `scope`: Ref of a database.
   * Wire: `{ index: name, scope? }`.
   * Errors: `invalid argument`.
   */
  Index(name: ExprArg, scope?: ExprArg): Expr
  /**
   * The older name of `Collection`.
   *
   * Takes `name`: String; `scope`: Ref of a database.
   * Wire: `{ class: name, scope? }`.
   * Errors: `invalid argument`.
   */
  Class(name: ExprArg, scope?: ExprArg): Expr
  /**
   * The ref of a collection; `scope` is the child database that it is in.
   *
   * Takes `name`: String; `scope`: Ref of a database.
   * Wire: `{ collection: name, scope? }`.
   * Errors: `invalid argument`.
   */
  Collection(name: ExprArg, scope?: ExprArg): Expr
  /**
   * The ref of a user-defined function; `scope` is the child database that it is in.
   *
   * Takes `name`: String; `scope`: Ref of a database.
   * Wire: `{ function: name, scope? }`.
   * Errors: `invalid argument`.
   */
  Function(name: ExprArg, scope?: ExprArg): Expr
  /**
   * The ref of a role; `scope` is the child database that it is in.
   *
   * Takes `name`: String; `scope`: Ref of a database.
   * Wire: `{ role: name, scope? }`.
   * Errors: `invalid argument`.
   */
  Role(name: ExprArg, scope?: ExprArg): Expr
  /**
   * The ref of an access provider.
   *
   * Takes `name`: String.
   * Wire: `{ access_provider: name }`.
   * Errors: `invalid argument`.
   */
  AccessProvider(name: ExprArg): Expr
  /**
   * The set of child databases.
   *
   * Takes `scope`: Ref of a database.
   * Wire: `{ databases: scope ?? null }`.
   * Errors: `invalid argument`.
   */
  Databases(scope?: ExprArg): Expr
  /**
   * The set of indexes.
   *
   * Takes `scope`: Ref of a database.
   * Wire: `{ indexes: scope ?? null }`.
   * Errors: `invalid argument`.
   */
  Indexes(scope?: ExprArg): Expr
  /**
   * The older name of `Collections`.
   *
   * Takes `scope`: Ref of a database.
   * Wire: `{ classes: scope ?? null }`.
   * Errors: `invalid argument`.
   */
  Classes(scope?: ExprArg): Expr
  /**
   * The set of collections.
   *
   * Takes `scope`: Ref of a database.
   * Wire: `{ collections: scope ?? null }`.
   * Errors: `invalid argument`.
   */
  Collections(scope?: ExprArg): Expr
  /**
   * The set of keys.
   *
   * Takes `scope`: Ref of a database.
   * Wire: `{ keys: scope ?? null }`.
   * Errors: `invalid argument`.
   */
  Keys(scope?: ExprArg): Expr
  /**
   * The set of tokens.
   *
   * Takes `scope`: Ref of a database.
   * Wire: `{ tokens: scope ?? null }`.
   * Errors: `invalid argument`.
   */
  Tokens(scope?: ExprArg): Expr
  /**
   * The set of credentials.
   *
   * Takes `scope`: Ref of a database.
   * Wire: `{ credentials: scope ?? null }`.
   * Errors: `invalid argument`.
   */
  Credentials(scope?: ExprArg): Expr
  /**
   * The set of user-defined functions.
   *
   * Takes `scope`: Ref of a database.
   * Wire: `{ functions: scope ?? null }`.
   * Errors: `invalid argument`.
   */
  Functions(scope?: ExprArg): Expr
  /**
   * The set of roles.
   *
   * Takes `scope`: Ref of a database.
   * Wire: `{ roles: scope ?? null }`.
   * Errors: `invalid argument`.
   */
  Roles(scope?: ExprArg): Expr
  /**
   * The set of access providers.
   *
   * Takes `scope`: Ref of a database.
   * Wire: `{ access_providers: scope ?? null }`.
   * Errors: `invalid argument`.
   */
  AccessProviders(scope?: ExprArg): Expr
  /**
   * A fresh id for a document, as decimal digits.
   *
   * Wire: `{ new_id: null }`.
   * Errors: `invalid expression`.
   */
  NewId(): Expr
  /**
   * The older name of `NewId`.
   *
   * Wire: `{ next_id: null }`.
   * Errors: `invalid expression`.
   */
  NextId(): Expr

  // Sets.
  /**
   * The set of one document, empty while the document is not there.
   *
   * Takes `ref`: Ref.
   * Wire: `{ singleton: ref }`.
   * Errors: `invalid argument`, `invalid ref`.
   */
  Singleton(ref: ExprArg): Expr
  /**
   * The history of a document or set, as a set of events.
   *
   * Takes `ref`: Ref or Set.
   * Wire: `{ events: ref }`.
   * Errors: `invalid argument`, `invalid ref`, `permission denied`.
   */
  Events(ref: ExprArg): Expr
  /**
   * The set of all documents of a collection.
   *
   * Takes `collection`: Ref of a collection.
   * Wire: `{ documents: collection }`.
   * Errors: `invalid argument`, `invalid ref`.
   */
  Documents(collection: ExprArg): Expr
  /**
   * The set of an index's entries for its terms; without terms for an index that has none.
   *
   * Takes `index`: Ref of an index, or its name; `terms`: anything.
   * Wire: `{ match: index, terms: [...terms] }`.
   * Errors: `invalid argument`, `invalid ref`, `instance not found`, `permission denied`.
   */
  Match(index: ExprArg, ...terms: ExprArg[]): Expr
  /**
   * What is in at least one of the sets, or arrays.
   *
   * Takes `sets`: Sets, or arrays.
   * Wire: `{ union: [...sets] }`.
   * Errors: `invalid argument`.
   */
  Union(...sets: ExprArg[]): Expr
  /**
   * What is in all of the sets, or arrays.
   *
   * Takes `sets`: Sets, or arrays.
   * Wire: `{ intersection: [...sets] }`.
   * Errors: `invalid argument`.
   */
  Intersection(...sets: ExprArg[]): Expr
  /**
   * What is in the first of the sets, or arrays, and in none of the others.
   *
   * Takes `sets`: Sets, or arrays.
   * Wire: `{ difference: [...sets] }`.
   * Errors: `invalid argument`.
   */
  Difference(...sets: ExprArg[]): Expr
  /**
   * A set, page or array without repetitions.
   *
   * Takes `set`: Set, Page or Array.
   * Wire: `{ distinct: set }`.
   * Errors: `invalid argument`.
   */
  Distinct(set: ExprArg): Expr
  /**
   * A set, page or array in the opposite order.
   *
   * Takes `set`: Set, Page or Array.
   * Wire: `{ reverse: set }`.
   * Errors: `invalid argument`.
   */
  Reverse(set: ExprArg): Expr
  /**
   * The part of a set between two values of its index, both included; an empty array is no bound.
   *
   * Takes `set`: Set; `from`: anything; `to`: anything.
   * Wire: `{ range: set, from, to }`.
   * Errors: `invalid argument`.
   */
  Range(set: ExprArg, from: ExprArg, to: ExprArg): Expr

  // Reads.
  /**
   * Whether a document is there, or a set has a member; now, or at a time.
   *
   * Takes `ref`: Ref or Set; `ts`: Time or Integer (µs).
   * Wire: `{ exists: ref, ts? }`.
   * Errors: `invalid argument`, `permission denied`, `bad request`.
   */
  Exists(ref: ExprArg, ts?: ExprArg): Expr
  /**
   * A document, by its ref or as the first of a set; now, or at a time. An error if there is none.
   *
   * Takes `ref`: Ref or Set; `ts`: Time or Integer (µs).
   * Wire: `{ get: ref, ts? }`.
   * Errors: `invalid argument`, `instance not found`, `permission denied`, `invalid ref`, `bad request`.
   */
  Get(ref: ExprArg, ts?: ExprArg): Expr
  /**
   * The first element of a set or array.
   *
   * Takes `set`: Set or Array.
   * Wire: `{ first: set }`.
   * Errors: `invalid argument`, `permission denied`.
   */
  First(set: ExprArg): Expr
  /**
   * The last element of a set or array.
   *
   * Takes `set`: Set or Array.
   * Wire: `{ last: set }`.
   * Errors: `invalid argument`, `permission denied`.
   */
  Last(set: ExprArg): Expr
  /**
   * A page of a set, or of the history of a document, with cursors to the pages beside it.
   *
   * Takes `set`: Ref or Set; `options`: what page.
   * Wire: `{ paginate: set, ...options }`.
   * Errors: `invalid argument`, `permission denied`, `invalid ref`, `bad request`.
   */
  Paginate(set: ExprArg, options?: PaginateOptions): Expr

  // Writes.
  /**
   * Creates a document, in a collection or with a ref of its own choice; `params` as `{ data: … }`.
   *
   * Takes `collection`: Ref, or name of a collection; `params`: Object.
   * Wire: `{ create: collection, params? }`.
   * Errors: `invalid argument`, `instance already exists`, `validation failed`, `permission denied`, `instance not
   * unique`, `invalid ref`, `invalid write time`.
   */
  Create(collection: ExprArg, params?: ExprArg): Expr
  /**
   * Changes the fields of a document that `params` has; `null` removes one.
   *
   * Takes `ref`: Ref; `params`: Object.
   * Wire: `{ update: ref, params? }`.
   * Errors: `invalid argument`, `instance not found`, `validation failed`, `permission denied`, `instance not unique`,
   * `invalid ref`, `invalid write time`.
   */
  Update(ref: ExprArg, params?: ExprArg): Expr
  /**
   * Puts `params` in the place of a document's data.
   *
   * Takes `ref`: Ref; `params`: Object.
   * Wire: `{ replace: ref, params? }`.
   * Errors: `invalid argument`, `instance not found`, `validation failed`, `permission denied`, `instance not unique`,
   * `invalid ref`, `invalid write time`.
   */
  Replace(ref: ExprArg, params?: ExprArg): Expr
  /**
   * Deletes a document, and gives what it was.
   *
   * Takes `ref`: Ref.
   * Wire: `{ delete: ref }`.
   * Errors: `invalid argument`, `instance not found`, `permission denied`, `invalid ref`.
   */
  Delete(ref: ExprArg): Expr
  /**
   * Writes an event into a document's history: at a time, `'create'`, `'update'` or `'delete'`.
   *
   * Takes `ref`: Ref; `ts`: Time or Integer (µs); `action`: `'create'`, `'update'` or `'delete'`; `params`: Object.
   * Wire: `{ insert: ref, ts, action, params? }`.
   * Errors: `invalid argument`, `invalid write time`, `validation failed`, `permission denied`, `invalid ref`.
   */
  Insert(ref: ExprArg, ts: ExprArg, action: ExprArg, params?: ExprArg): Expr
  /**
   * Takes an event out of a document's history.
   *
   * Takes `ref`: Ref; `ts`: Time or Integer (µs); `action`: `'create'`, `'update'` or `'delete'`.
   * Wire: `{ remove: ref, ts, action }`.
   * Errors: `invalid argument`, `permission denied`, `invalid ref`.
   */
  Remove(ref: ExprArg, ts: ExprArg, action: ExprArg): Expr
  /**
   * The older name of `CreateCollection`.
   *
   * Takes `params`: Object.
   * Wire: `{ create_class: params }`.
   * Errors: `invalid argument`, `instance already exists`, `validation failed`, `permission denied`.
   */
  CreateClass(params: ExprArg): Expr
  /**
   * Creates a collection; `params` as `{ name: 'orders' }`.
   *
   * Takes `params`: Object.
   * Wire: `{ create_collection: params }`.
   * Errors: `invalid argument`, `instance already exists`, `validation failed`, `permission denied`.
   */
  CreateCollection(params: ExprArg): Expr
  /**
   * Creates a child database; `params` as `{ name: 'shop' }`.
   *
   * Takes `params`: Object.
   * Wire: `{ create_database: params }`.
   * Errors: `invalid argument`, `instance already exists`, `validation failed`, `permission denied`.
   */
  CreateDatabase(params: ExprArg): Expr
  /**
   * Creates an index; `params` as `{ name, source, terms?, values?, unique? }`.
   *
   * Takes `params`: Object.
   * Wire: `{ create_index: params }`.
   * Errors: `invalid argument`, `instance already exists`, `validation failed`, `permission denied`.
   */
  CreateIndex(params: ExprArg): Expr
  /**
   * Creates a key, whose secret only this answer shows; `params` as `{ role: 'server', database? }`.
   *
   * Takes `params`: Object.
   * Wire: `{ create_key: params }`.
   * Errors: `invalid argument`, `validation failed`, `permission denied`, `invalid ref`.
   */
  CreateKey(params: ExprArg): Expr
  /**
   * Creates a user-defined function; `params` as `{ name, body: q.Query(…), role? }`.
   *
   * Takes `params`: Object.
   * Wire: `{ create_function: params }`.
   * Errors: `invalid argument`, `instance already exists`, `validation failed`, `permission denied`.
   */
  CreateFunction(params: ExprArg): Expr
  /**
   * Creates a role; `params` as `{ name, privileges, membership? }`.
   *
   * Takes `params`: Object.
   * Wire: `{ create_role: params }`.
   * Errors: `invalid argument`, `instance already exists`, `validation failed`, `permission denied`.
   */
  CreateRole(params: ExprArg): Expr
  /**
   * Creates an access provider; `params` as `{ name, issuer, jwks_uri, roles? }`.
   *
   * Takes `params`: Object.
   * Wire: `{ create_access_provider: params }`.
   * Errors: `invalid argument`, `instance already exists`, `validation failed`, `permission denied`.
   */
  CreateAccessProvider(params: ExprArg): Expr
  /**
   * Moves a child database into another one.
   *
   * Takes `database`: Ref of a database; `to`: Ref of a database.
   * Wire: `{ move_database: database, to }`.
   * Errors: `invalid argument`, `move database error`, `instance already exists`, `permission denied`, `invalid ref`.
   */
  MoveDatabase(database: ExprArg, to: ExprArg): Expr

  // Who asks.
  /**
   * Whether a password is that of a document's credentials.
   *
   * Takes `ref`: Ref or Set; `password`: String.
   * Wire: `{ identify: ref, password }`.
   * Errors: `invalid argument`, `invalid ref`, `permission denied`.
   */
  Identify(ref: ExprArg, password: ExprArg): Expr
  /**
   * A token for a document with credentials; `params` as `{ password: … }`.
   *
   * Takes `ref`: Ref or Set; `params`: Object.
   * Wire: `{ login: ref, params }`.
   * Errors: `invalid argument`, `authentication failed`, `validation failed`, `invalid ref`.
   */
  Login(ref: ExprArg, params: ExprArg): Expr
  /**
   * Deletes the token of this query, or with `true` all tokens of its document.
   *
   * Takes `all`: Boolean.
   * Wire: `{ logout: all }`.
   * Errors: `invalid argument`.
   */
  Logout(all: ExprArg): Expr
  /**
   * The key that a secret was given out for.
   *
   * Takes `secret`: String.
   * Wire: `{ key_from_secret: secret }`.
   * Errors: `invalid argument`, `instance not found`.
   */
  KeyFromSecret(secret: ExprArg): Expr
  /**
   * A web token for a document or a role that lasts for `expireIn` seconds, 1800 if none are given; only version
   * `UNSTABLE` of the API has it, and only a server whose operator has set up a key for it makes one.
   *
   * Takes `subject`: Ref; `expireIn`: Integer.
   * Wire: `{ issue_access_jwt: subject, expire_in? }`.
   * Errors: `invalid argument`, `permission denied`, `invalid scope`, `invalid ref`.
   */
  IssueAccessJWT(subject: ExprArg, expireIn?: ExprArg): Expr
  /**
   * The older name of `CurrentIdentity`.
   *
   * Wire: `{ identity: null }`.
   * Errors: `missing identity`.
   */
  Identity(): Expr
  /**
   * The older name of `HasCurrentIdentity`.
   *
   * Wire: `{ has_identity: null }`.
   */
  HasIdentity(): Expr
  /**
   * The ref of the document whose token asks.
   *
   * Wire: `{ current_identity: null }`.
   * Errors: `missing identity`.
   */
  CurrentIdentity(): Expr
  /**
   * Whether a document's token asks.
   *
   * Wire: `{ has_current_identity: null }`.
   */
  HasCurrentIdentity(): Expr
  /**
   * The ref of the token or key that asks.
   *
   * Wire: `{ current_token: null }`.
   * Errors: `invalid token`.
   */
  CurrentToken(): Expr
  /**
   * Whether a token or key of the database asks.
   *
   * Wire: `{ has_current_token: null }`.
   */
  HasCurrentToken(): Expr

  // Comparison and logic.
  /**
   * Whether all values are the same.
   *
   * Takes `values`: anything.
   * Wire: `{ equals: [...values] }`.
   */
  Equals(...values: ExprArg[]): Expr
  /**
   * Whether each value is less than the next.
   *
   * Takes `values`: anything.
   * Wire: `{ lt: [...values] }`.
   */
  LT(...values: ExprArg[]): Expr
  /**
   * Whether each value is less than the next, or the same.
   *
   * Takes `values`: anything.
   * Wire: `{ lte: [...values] }`.
   */
  LTE(...values: ExprArg[]): Expr
  /**
   * Whether each value is greater than the next.
   *
   * Takes `values`: anything.
   * Wire: `{ gt: [...values] }`.
   */
  GT(...values: ExprArg[]): Expr
  /**
   * Whether each value is greater than the next, or the same.
   *
   * Takes `values`: anything.
   * Wire: `{ gte: [...values] }`.
   */
  GTE(...values: ExprArg[]): Expr
  /**
   * The opposite of a boolean.
   *
   * Takes `value`: Boolean.
   * Wire: `{ not: value }`.
   * Errors: `invalid argument`.
   */
  Not(value: ExprArg): Expr
  /**
   * The older name of `ContainsPath`.
   *
   * Takes `path`: String or Integer, or an array of them; `value`: anything.
   * Wire: `{ contains: path, in: value }`.
   * Errors: `invalid argument`.
   */
  Contains(path: ExprArg, value: ExprArg): Expr
  /**
   * Whether something stands at a path (`['data', 'name']`) in a value.
   *
   * Takes `path`: String or Integer, or an array of them; `value`: anything.
   * Wire: `{ contains_path: path, in: value }`.
   * Errors: `invalid argument`.
   */
  ContainsPath(path: ExprArg, value: ExprArg): Expr
  /**
   * Whether an object or document has a field.
   *
   * Takes `field`: String; `value`: anything but an array.
   * Wire: `{ contains_field: field, in: value }`.
   * Errors: `invalid argument`.
   */
  ContainsField(field: ExprArg, value: ExprArg): Expr
  /**
   * Whether an object, array, page, set or ref has a value in it.
   *
   * Takes `sought`: anything; `value`: Object, Array, Page, Set or Ref.
   * Wire: `{ contains_value: sought, in: value }`.
   * Errors: `invalid argument`, `permission denied`.
   */
  ContainsValue(sought: ExprArg, value: ExprArg): Expr

  // Arrays, pages and sets as collections of values.
  /**
   * An array or page with elements put before it.
   *
   * Takes `elements`: an element, or an array of them; `collection`: Array.
   * Wire: `{ prepend: elements, collection }`.
   * Errors: `invalid argument`.
   */
  Prepend(elements: ExprArg, collection: ExprArg): Expr
  /**
   * An array or page with elements put behind it.
   *
   * Takes `elements`: an element, or an array of them; `collection`: Array.
   * Wire: `{ append: elements, collection }`.
   * Errors: `invalid argument`.
   */
  Append(elements: ExprArg, collection: ExprArg): Expr
  /**
   * The first elements of an array or page.
   *
   * Takes `count`: Integer; `collection`: Array or Page; with version `UNSTABLE` a Set too.
   * Wire: `{ take: count, collection }`.
   * Errors: `invalid argument`.
   */
  Take(count: ExprArg, collection: ExprArg): Expr
  /**
   * An array or page without its first elements.
   *
   * Takes `count`: Integer; `collection`: Array or Page.
   * Wire: `{ drop: count, collection }`.
   * Errors: `invalid argument`.
   */
  Drop(count: ExprArg, collection: ExprArg): Expr
  /**
   * Whether an array, page or set has no element.
   *
   * Takes `collection`: Array, Page or Set.
   * Wire: `{ is_empty: collection }`.
   * Errors: `invalid argument`, `permission denied`.
   */
  IsEmpty(collection: ExprArg): Expr
  /**
   * Whether an array, page or set has an element.
   *
   * Takes `collection`: Array, Page or Set.
   * Wire: `{ is_nonempty: collection }`.
   * Errors: `invalid argument`, `permission denied`.
   */
  IsNonEmpty(collection: ExprArg): Expr
  /**
   * How many elements an array, page or set has.
   *
   * Takes `collection`: Array, Page or Set.
   * Wire: `{ count: collection }`.
   * Errors: `invalid argument`, `permission denied`.
   */
  Count(collection: ExprArg): Expr
  /**
   * The sum of the numbers in an array, page or set.
   *
   * Takes `collection`: Array, Page or Set of numbers.
   * Wire: `{ sum: collection }`.
   * Errors: `invalid argument`, `permission denied`.
   */
  Sum(collection: ExprArg): Expr
  /**
   * The mean of the numbers in an array, page or set.
   *
   * Takes `collection`: Array, Page or Set of numbers.
   * Wire: `{ mean: collection }`.
   * Errors: `invalid argument`, `permission denied`.
   */
  Mean(collection: ExprArg): Expr
  /**
   * Whether a boolean in an array, page or set is true.
   *
   * Takes `collection`: Array, Page or Set of Booleans.
   * Wire: `{ any: collection }`.
   * Errors: `invalid argument`, `permission denied`.
   */
  Any(collection: ExprArg): Expr
  /**
   * Whether all booleans in an array, page or set are true.
   *
   * Takes `collection`: Array, Page or Set of Booleans.
   * Wire: `{ all: collection }`.
   * Errors: `invalid argument`, `permission denied`.
   */
  All(collection: ExprArg): Expr
  /**
   * The greatest of the values, or of one array, page or set.
   *
   * Takes `values`: anything.
   * Wire: `{ max: [...values] }`.
   * Errors: `invalid argument`, `permission denied`.
   */
  Max(...values: ExprArg[]): Expr
  /**
   * The least of the values, or of one array, page or set.
   *
   * Takes `values`: anything.
   * Wire: `{ min: [...values] }`.
   * Errors: `invalid argument`, `permission denied`.
   */
  Min(...values: ExprArg[]): Expr

  // Strings.
  /**
   * The strings of an array as one, with a separator between them.
   *
   * Takes `strings`: String, or an array of them; `separator`: String.
   * Wire: `{ concat: strings, separator? }`.
   * Errors: `invalid argument`.
   */
  Concat(strings: ExprArg, separator?: ExprArg): Expr
  /**
   * A string made fit for comparison without regard to case; the normalizer as `'NFKCCaseFold'`, which is the default.
   *
   * Takes `value`: a scalar, or an array of them; `normalizer`: `'NFKCCaseFold'`, `'NFC'`, `'NFD'`, `'NFKC'` or
   * `'NFKD'`.
   * Wire: `{ casefold: value, normalizer? }`.
   * Errors: `invalid argument`.
   */
  Casefold(value: ExprArg, normalizer?: ExprArg): Expr
  /**
   * A pattern that matches a string and nothing else.
   *
   * Takes `value`: String.
   * Wire: `{ regexescape: value }`.
   * Errors: `invalid argument`.
   */
  RegexEscape(value: ExprArg): Expr
  /**
   * How many characters (code points) a string has.
   *
   * Takes `value`: String.
   * Wire: `{ length: value }`.
   * Errors: `invalid argument`.
   */
  Length(value: ExprArg): Expr
  /**
   * A string in small letters.
   *
   * Takes `value`: String.
   * Wire: `{ lowercase: value }`.
   * Errors: `invalid argument`.
   */
  LowerCase(value: ExprArg): Expr
  /**
   * A string in capital letters.
   *
   * Takes `value`: String.
   * Wire: `{ uppercase: value }`.
   * Errors: `invalid argument`.
   */
  UpperCase(value: ExprArg): Expr
  /**
   * A string whose words begin with a capital and go on small.
   *
   * Takes `value`: String.
   * Wire: `{ titlecase: value }`.
   * Errors: `invalid argument`.
   */
  TitleCase(value: ExprArg): Expr
  /**
   * A string without white space at both ends.
   *
   * Takes `value`: String.
   * Wire: `{ trim: value }`.
   * Errors: `invalid argument`.
   */
  Trim(value: ExprArg): Expr
  /**
   * A string without white space at its beginning.
   *
   * Takes `value`: String.
   * Wire: `{ ltrim: value }`.
   * Errors: `invalid argument`.
   */
  LTrim(value: ExprArg): Expr
  /**
   * A string without white space at its end.
   *
   * Takes `value`: String.
   * Wire: `{ rtrim: value }`.
   * Errors: `invalid argument`.
   */
  RTrim(value: ExprArg): Expr
  /**
   * The pieces of `min` (1) to `max` (2) characters that a string, or each of an array, has; `max` is at most `min` +
   * 1.
   *
   * Takes `terms`: a scalar, or an array of them; `min`: Integer; `max`: Integer.
   * Wire: `{ ngram: terms, min?, max? }`.
   * Errors: `invalid argument`.
   */
  NGram(terms: ExprArg, min?: ExprArg, max?: ExprArg): Expr
  /**
   * A string so many times over, at most 1024; twice if `number` is left out.
   *
   * Takes `value`: String; `number`: Integer.
   * Wire: `{ repeat: value, number? }`.
   * Errors: `invalid argument`.
   */
  Repeat(value: ExprArg, number?: ExprArg): Expr
  /**
   * So many blanks, at most 1024.
   *
   * Takes `count`: Integer.
   * Wire: `{ space: count }`.
   * Errors: `invalid argument`.
   */
  Space(count: ExprArg): Expr
  /**
   * The part of a string from a character on, counted from the end where negative; to its end, or of a length.
   *
   * Takes `value`: String; `start`: Integer; `length`: Integer.
   * Wire: `{ substring: value, start?, length? }`.
   * Errors: `invalid argument`.
   */
  SubString(value: ExprArg, start?: ExprArg, length?: ExprArg): Expr
  /**
   * A text with values put in for its conversions: `%s`, `%d`, `%.2f`, `%tF` as in Java, `%@` for any value as JSON.
   *
   * Takes `text`: String; `values`: anything.
   * Wire: `{ format: text, values: [...values] }`.
   * Errors: `invalid argument`.
   */
  Format(text: ExprArg, ...values: ExprArg[]): Expr
  /**
   * Whether a string begins with another.
   *
   * Takes `value`: String; `search`: String.
   * Wire: `{ startswith: value, search }`.
   * Errors: `invalid argument`.
   */
  StartsWith(value: ExprArg, search: ExprArg): Expr
  /**
   * Whether a string ends with another.
   *
   * Takes `value`: String; `search`: String.
   * Wire: `{ endswith: value, search }`.
   * Errors: `invalid argument`.
   */
  EndsWith(value: ExprArg, search: ExprArg): Expr
  /**
   * Whether a string has another in it.
   *
   * Takes `value`: String; `search`: String.
   * Wire: `{ containsstr: value, search }`.
   * Errors: `invalid argument`.
   */
  ContainsStr(value: ExprArg, search: ExprArg): Expr
  /**
   * Whether a pattern, as of Java, matches somewhere in a string.
   *
   * Takes `value`: String; `pattern`: String.
   * Wire: `{ containsstrregex: value, pattern }`.
   * Errors: `invalid argument`.
   */
  ContainsStrRegex(value: ExprArg, pattern: ExprArg): Expr
  /**
   * Where a string first has another in it, from `start` on, in characters; -1 if nowhere.
   *
   * Takes `value`: String; `find`: String; `start`: Integer.
   * Wire: `{ findstr: value, find, start? }`.
   * Errors: `invalid argument`.
   */
  FindStr(value: ExprArg, find: ExprArg, start?: ExprArg): Expr
  /**
   * Where a pattern matches in a string: an array of `{ start, end, data }`, of at most `numResults` (1024).
   *
   * Takes `value`: String; `pattern`: String; `start`: Integer; `numResults`: Integer.
   * Wire: `{ findstrregex: value, pattern, start?, num_results?: numResults }`.
   * Errors: `invalid argument`.
   */
  FindStrRegex(value: ExprArg, pattern: ExprArg, start?: ExprArg, numResults?: ExprArg): Expr
  /**
   * A string with another one replaced wherever it stands.
   *
   * Takes `value`: String; `find`: String; `replace`: String.
   * Wire: `{ replacestr: value, find, replace }`.
   * Errors: `invalid argument`.
   */
  ReplaceStr(value: ExprArg, find: ExprArg, replace: ExprArg): Expr
  /**
   * A string with the matches of a pattern replaced, or the first only; `$1` and `${name}` stand for its groups.
   *
   * Takes `value`: String; `pattern`: String; `replace`: String; `first`: Boolean.
   * Wire: `{ replacestrregex: value, pattern, replace, first? }`.
   * Errors: `invalid argument`.
   */
  ReplaceStrRegex(value: ExprArg, pattern: ExprArg, replace: ExprArg, first?: ExprArg): Expr
  /**
   * The pieces of a string between tokens, at most `count`; only version `UNSTABLE` of the API has it.
   *
   * Takes `value`: String; `token`: String; `count`: Integer.
   * Wire: `{ split_str: value, token, count? }`.
   * Errors: `invalid argument`.
   */
  SplitStr(value: ExprArg, token: ExprArg, count?: ExprArg): Expr
  /**
   * The pieces of a string between matches of a pattern, at most `count`; only version `UNSTABLE` has it.
   *
   * Takes `value`: String; `pattern`: String; `count`: Integer.
   * Wire: `{ split_str_regex: value, pattern, count? }`.
   * Errors: `invalid argument`.
   */
  SplitStrRegex(value: ExprArg, pattern: ExprArg, count?: ExprArg): Expr

  // Numbers.
  /**
   * A number without its sign.
   *
   * Takes `value`: Number.
   * Wire: `{ abs: value }`.
   * Errors: `invalid argument`.
   */
  Abs(value: ExprArg): Expr
  /**
   * The sum of the numbers.
   *
   * Takes `values`: Number.
   * Wire: `{ add: [...values] }`.
   * Errors: `invalid argument`.
   */
  Add(...values: ExprArg[]): Expr
  /**
   * The first number less the others.
   *
   * Takes `values`: Number.
   * Wire: `{ subtract: [...values] }`.
   * Errors: `invalid argument`.
   */
  Subtract(...values: ExprArg[]): Expr
  /**
   * The product of the numbers.
   *
   * Takes `values`: Number.
   * Wire: `{ multiply: [...values] }`.
   * Errors: `invalid argument`.
   */
  Multiply(...values: ExprArg[]): Expr
  /**
   * The first number divided by the others; of integers, an integer.
   *
   * Takes `values`: Number.
   * Wire: `{ divide: [...values] }`.
   * Errors: `invalid argument`.
   */
  Divide(...values: ExprArg[]): Expr
  /**
   * What is left of the first number when divided by the others.
   *
   * Takes `values`: Number.
   * Wire: `{ modulo: [...values] }`.
   * Errors: `invalid argument`.
   */
  Modulo(...values: ExprArg[]): Expr
  /**
   * The bits that all numbers have.
   *
   * Takes `values`: Number.
   * Wire: `{ bitand: [...values] }`.
   * Errors: `invalid argument`.
   */
  BitAnd(...values: ExprArg[]): Expr
  /**
   * The bits that at least one of the numbers has.
   *
   * Takes `values`: Number.
   * Wire: `{ bitor: [...values] }`.
   * Errors: `invalid argument`.
   */
  BitOr(...values: ExprArg[]): Expr
  /**
   * The bits that an odd count of the numbers has.
   *
   * Takes `values`: Number.
   * Wire: `{ bitxor: [...values] }`.
   * Errors: `invalid argument`.
   */
  BitXor(...values: ExprArg[]): Expr
  /**
   * A number with all its bits turned over.
   *
   * Takes `value`: Number.
   * Wire: `{ bitnot: value }`.
   * Errors: `invalid argument`.
   */
  BitNot(value: ExprArg): Expr
  /**
   * The least whole number that is not below a number.
   *
   * Takes `value`: Number.
   * Wire: `{ ceil: value }`.
   * Errors: `invalid argument`.
   */
  Ceil(value: ExprArg): Expr
  /**
   * The greatest whole number that is not above a number.
   *
   * Takes `value`: Number.
   * Wire: `{ floor: value }`.
   * Errors: `invalid argument`.
   */
  Floor(value: ExprArg): Expr
  /**
   * A number rounded to places behind the point (2), or before it where `precision` is negative; halves go up.
   *
   * Takes `value`: Number; `precision`: Integer.
   * Wire: `{ round: value, precision? }`.
   * Errors: `invalid argument`.
   */
  Round(value: ExprArg, precision?: ExprArg): Expr
  /**
   * A number cut off behind places behind the point (2), or before it where `precision` is negative.
   *
   * Takes `value`: Number; `precision`: Integer.
   * Wire: `{ trunc: value, precision? }`.
   * Errors: `invalid argument`.
   */
  Trunc(value: ExprArg, precision?: ExprArg): Expr
  /**
   * -1, 0 or 1: whether a number is negative, zero or positive.
   *
   * Takes `value`: Number.
   * Wire: `{ sign: value }`.
   * Errors: `invalid argument`.
   */
  Sign(value: ExprArg): Expr
  /**
   * The square root of a number, which may not be negative.
   *
   * Takes `value`: Number.
   * Wire: `{ sqrt: value }`.
   * Errors: `invalid argument`.
   */
  Sqrt(value: ExprArg): Expr
  /**
   * A number to the power of `exponent` (2), a double.
   *
   * Takes `value`: Number; `exponent`: Number.
   * Wire: `{ pow: value, exp?: exponent }`.
   * Errors: `invalid argument`.
   */
  Pow(value: ExprArg, exponent?: ExprArg): Expr
  /**
   * The base of natural logarithms to the power of a number.
   *
   * Takes `value`: Number.
   * Wire: `{ exp: value }`.
   * Errors: `invalid argument`.
   */
  Exp(value: ExprArg): Expr
  /**
   * The natural logarithm of a positive number.
   *
   * Takes `value`: Number.
   * Wire: `{ ln: value }`.
   * Errors: `invalid argument`.
   */
  Ln(value: ExprArg): Expr
  /**
   * The logarithm to the base 10 of a positive number.
   *
   * Takes `value`: Number.
   * Wire: `{ log: value }`.
   * Errors: `invalid argument`.
   */
  Log(value: ExprArg): Expr
  /**
   * The long side of a right-angled triangle with these two others; with one, both are the same.
   *
   * Takes `value`: Number; `side`: Number.
   * Wire: `{ hypot: value, b?: side }`.
   * Errors: `invalid argument`.
   */
  Hypot(value: ExprArg, side?: ExprArg): Expr
  /**
   * The sine of an angle in radians.
   *
   * Takes `value`: Number.
   * Wire: `{ sin: value }`.
   * Errors: `invalid argument`.
   */
  Sin(value: ExprArg): Expr
  /**
   * The cosine of an angle in radians.
   *
   * Takes `value`: Number.
   * Wire: `{ cos: value }`.
   * Errors: `invalid argument`.
   */
  Cos(value: ExprArg): Expr
  /**
   * The tangent of an angle in radians.
   *
   * Takes `value`: Number.
   * Wire: `{ tan: value }`.
   * Errors: `invalid argument`.
   */
  Tan(value: ExprArg): Expr
  /**
   * The angle in radians of a sine, from -1 to 1.
   *
   * Takes `value`: Number.
   * Wire: `{ asin: value }`.
   * Errors: `invalid argument`.
   */
  Asin(value: ExprArg): Expr
  /**
   * The angle in radians of a cosine, from -1 to 1.
   *
   * Takes `value`: Number.
   * Wire: `{ acos: value }`.
   * Errors: `invalid argument`.
   */
  Acos(value: ExprArg): Expr
  /**
   * The angle in radians of a tangent.
   *
   * Takes `value`: Number.
   * Wire: `{ atan: value }`.
   * Errors: `invalid argument`.
   */
  Atan(value: ExprArg): Expr
  /**
   * The hyperbolic sine of a number.
   *
   * Takes `value`: Number.
   * Wire: `{ sinh: value }`.
   * Errors: `invalid argument`.
   */
  Sinh(value: ExprArg): Expr
  /**
   * The hyperbolic cosine of a number.
   *
   * Takes `value`: Number.
   * Wire: `{ cosh: value }`.
   * Errors: `invalid argument`.
   */
  Cosh(value: ExprArg): Expr
  /**
   * The hyperbolic tangent of a number.
   *
   * Takes `value`: Number.
   * Wire: `{ tanh: value }`.
   * Errors: `invalid argument`.
   */
  Tanh(value: ExprArg): Expr
  /**
   * Radians as degrees.
   *
   * Takes `value`: Number.
   * Wire: `{ degrees: value }`.
   * Errors: `invalid argument`.
   */
  Degrees(value: ExprArg): Expr
  /**
   * Degrees as radians.
   *
   * Takes `value`: Number.
   * Wire: `{ radians: value }`.
   * Errors: `invalid argument`.
   */
  Radians(value: ExprArg): Expr

  // Time.
  /**
   * A time from ISO-8601 text, or `'now'`.
   *
   * Takes `value`: String.
   * Wire: `{ time: value }`.
   * Errors: `invalid argument`.
   */
  Time(value: ExprArg): Expr
  /**
   * The time of this query.
   *
   * Wire: `{ now: null }`.
   */
  Now(): Expr
  /**
   * The time so many units after 1970-01-01T00:00:00Z; the unit as `'seconds'`, `'microseconds'`.
   *
   * Takes `number`: Integer; `unit`: a unit, as String.
   * Wire: `{ epoch: number, unit }`.
   * Errors: `invalid argument`.
   */
  Epoch(number: ExprArg, unit: ExprArg): Expr
  /**
   * A date from text as `'2024-05-01'`.
   *
   * Takes `value`: String.
   * Wire: `{ date: value }`.
   * Errors: `invalid argument`.
   */
  Date(value: ExprArg): Expr
  /**
   * A time or date moved into the future; the unit as `'days'`.
   *
   * Takes `base`: Time or Date; `offset`: Integer; `unit`: a unit, as String.
   * Wire: `{ time_add: base, offset, unit }`.
   * Errors: `invalid argument`.
   */
  TimeAdd(base: ExprArg, offset: ExprArg, unit: ExprArg): Expr
  /**
   * A time or date moved into the past; the unit as `'days'`.
   *
   * Takes `base`: Time or Date; `offset`: Integer; `unit`: a unit, as String.
   * Wire: `{ time_subtract: base, offset, unit }`.
   * Errors: `invalid argument`.
   */
  TimeSubtract(base: ExprArg, offset: ExprArg, unit: ExprArg): Expr
  /**
   * How many whole units lie between two times or dates.
   *
   * Takes `start`: Time or Date; `finish`: Time or Date; `unit`: a unit, as String.
   * Wire: `{ time_diff: start, other: finish, unit }`.
   * Errors: `invalid argument`.
   */
  TimeDiff(start: ExprArg, finish: ExprArg, unit: ExprArg): Expr
  /**
   * The microseconds of a time since 1970-01-01T00:00:00Z.
   *
   * Takes `value`: Time or Integer (µs).
   * Wire: `{ to_micros: value }`.
   * Errors: `invalid argument`.
   */
  ToMicros(value: ExprArg): Expr
  /**
   * The milliseconds of a time since 1970-01-01T00:00:00Z.
   *
   * Takes `value`: Time or Integer (µs).
   * Wire: `{ to_millis: value }`.
   * Errors: `invalid argument`.
   */
  ToMillis(value: ExprArg): Expr
  /**
   * The seconds of a time since 1970-01-01T00:00:00Z.
   *
   * Takes `value`: Time or Integer (µs).
   * Wire: `{ to_seconds: value }`.
   * Errors: `invalid argument`.
   */
  ToSeconds(value: ExprArg): Expr
  /**
   * The second of a time, 0 to 59; as all of these, in UTC.
   *
   * Takes `value`: Time or Integer (µs).
   * Wire: `{ second: value }`.
   * Errors: `invalid argument`.
   */
  Second(value: ExprArg): Expr
  /**
   * The minute of a time, 0 to 59.
   *
   * Takes `value`: Time or Integer (µs).
   * Wire: `{ minute: value }`.
   * Errors: `invalid argument`.
   */
  Minute(value: ExprArg): Expr
  /**
   * The hour of a time, 0 to 23.
   *
   * Takes `value`: Time or Integer (µs).
   * Wire: `{ hour: value }`.
   * Errors: `invalid argument`.
   */
  Hour(value: ExprArg): Expr
  /**
   * The day of the month of a time, 1 to 31.
   *
   * Takes `value`: Time or Integer (µs).
   * Wire: `{ day_of_month: value }`.
   * Errors: `invalid argument`.
   */
  DayOfMonth(value: ExprArg): Expr
  /**
   * The day of the week of a time, 1 (Monday) to 7.
   *
   * Takes `value`: Time or Integer (µs).
   * Wire: `{ day_of_week: value }`.
   * Errors: `invalid argument`.
   */
  DayOfWeek(value: ExprArg): Expr
  /**
   * The day of the year of a time, 1 to 366.
   *
   * Takes `value`: Time or Integer (µs).
   * Wire: `{ day_of_year: value }`.
   * Errors: `invalid argument`.
   */
  DayOfYear(value: ExprArg): Expr
  /**
   * The month of a time, 1 to 12.
   *
   * Takes `value`: Time or Integer (µs).
   * Wire: `{ month: value }`.
   * Errors: `invalid argument`.
   */
  Month(value: ExprArg): Expr
  /**
   * The year of a time.
   *
   * Takes `value`: Time or Integer (µs).
   * Wire: `{ year: value }`.
   * Errors: `invalid argument`.
   */
  Year(value: ExprArg): Expr

  // Conversion.
  /**
   * A value as a string.
   *
   * Takes `value`: anything.
   * Wire: `{ to_string: value }`.
   * Errors: `invalid argument`.
   */
  ToString(value: ExprArg): Expr
  /**
   * A value, as a string of digits, as a number.
   *
   * Takes `value`: anything.
   * Wire: `{ to_number: value }`.
   * Errors: `invalid argument`.
   */
  ToNumber(value: ExprArg): Expr
  /**
   * A number as a double; how to send a whole double, which JavaScript cannot tell from an integer.
   *
   * Takes `value`: anything.
   * Wire: `{ to_double: value }`.
   * Errors: `invalid argument`.
   */
  ToDouble(value: ExprArg): Expr
  /**
   * A number as an integer.
   *
   * Takes `value`: anything.
   * Wire: `{ to_integer: value }`.
   * Errors: `invalid argument`.
   */
  ToInteger(value: ExprArg): Expr
  /**
   * A value, as a string or date, as a time.
   *
   * Takes `value`: anything.
   * Wire: `{ to_time: value }`.
   * Errors: `invalid argument`.
   */
  ToTime(value: ExprArg): Expr
  /**
   * A value, as a string or time, as a date.
   *
   * Takes `value`: anything.
   * Wire: `{ to_date: value }`.
   * Errors: `invalid argument`.
   */
  ToDate(value: ExprArg): Expr
  /**
   * An object from an array of pairs of key and value.
   *
   * Takes `value`: anything.
   * Wire: `{ to_object: value }`.
   * Errors: `invalid argument`.
   */
  ToObject(value: ExprArg): Expr
  /**
   * An array of pairs of key and value from an object.
   *
   * Takes `value`: anything.
   * Wire: `{ to_array: value }`.
   * Errors: `invalid argument`.
   */
  ToArray(value: ExprArg): Expr

  // Tests of type.
  /**
   * Whether a value is a number.
   *
   * Takes `value`: anything.
   * Wire: `{ is_number: value }`.
   */
  IsNumber(value: ExprArg): Expr
  /**
   * Whether a value is a double.
   *
   * Takes `value`: anything.
   * Wire: `{ is_double: value }`.
   */
  IsDouble(value: ExprArg): Expr
  /**
   * Whether a value is an integer.
   *
   * Takes `value`: anything.
   * Wire: `{ is_integer: value }`.
   */
  IsInteger(value: ExprArg): Expr
  /**
   * Whether a value is a boolean.
   *
   * Takes `value`: anything.
   * Wire: `{ is_boolean: value }`.
   */
  IsBoolean(value: ExprArg): Expr
  /**
   * Whether a value is null.
   *
   * Takes `value`: anything.
   * Wire: `{ is_null: value }`.
   */
  IsNull(value: ExprArg): Expr
  /**
   * Whether a value is bytes.
   *
   * Takes `value`: anything.
   * Wire: `{ is_bytes: value }`.
   */
  IsBytes(value: ExprArg): Expr
  /**
   * Whether a value is a time.
   *
   * Takes `value`: anything.
   * Wire: `{ is_timestamp: value }`.
   */
  IsTimestamp(value: ExprArg): Expr
  /**
   * Whether a value is a date.
   *
   * Takes `value`: anything.
   * Wire: `{ is_date: value }`.
   */
  IsDate(value: ExprArg): Expr
  /**
   * Whether a value is a UUID.
   *
   * Takes `value`: anything.
   * Wire: `{ is_uuid: value }`.
   */
  IsUUID(value: ExprArg): Expr
  /**
   * Whether a value is a string.
   *
   * Takes `value`: anything.
   * Wire: `{ is_string: value }`.
   */
  IsString(value: ExprArg): Expr
  /**
   * Whether a value is an array.
   *
   * Takes `value`: anything.
   * Wire: `{ is_array: value }`.
   */
  IsArray(value: ExprArg): Expr
  /**
   * Whether a value is an object: a plain one, a document, a page or an event.
   *
   * Takes `value`: anything.
   * Wire: `{ is_object: value }`.
   */
  IsObject(value: ExprArg): Expr
  /**
   * Whether a value is a ref.
   *
   * Takes `value`: anything.
   * Wire: `{ is_ref: value }`.
   */
  IsRef(value: ExprArg): Expr
  /**
   * Whether a value is a set, as the native collections are.
   *
   * Takes `value`: anything.
   * Wire: `{ is_set: value }`.
   */
  IsSet(value: ExprArg): Expr
  /**
   * Whether a value is a document or the ref of one.
   *
   * Takes `value`: anything.
   * Wire: `{ is_doc: value }`.
   */
  IsDoc(value: ExprArg): Expr
  /**
   * Whether a value is a lambda.
   *
   * Takes `value`: anything.
   * Wire: `{ is_lambda: value }`.
   */
  IsLambda(value: ExprArg): Expr
  /**
   * Whether a value is a collection or its ref.
   *
   * Takes `value`: anything.
   * Wire: `{ is_collection: value }`.
   */
  IsCollection(value: ExprArg): Expr
  /**
   * Whether a value is a database or its ref.
   *
   * Takes `value`: anything.
   * Wire: `{ is_database: value }`.
   */
  IsDatabase(value: ExprArg): Expr
  /**
   * Whether a value is an index or its ref.
   *
   * Takes `value`: anything.
   * Wire: `{ is_index: value }`.
   */
  IsIndex(value: ExprArg): Expr
  /**
   * Whether a value is a user-defined function or its ref.
   *
   * Takes `value`: anything.
   * Wire: `{ is_function: value }`.
   */
  IsFunction(value: ExprArg): Expr
  /**
   * Whether a value is a key or its ref.
   *
   * Takes `value`: anything.
   * Wire: `{ is_key: value }`.
   */
  IsKey(value: ExprArg): Expr
  /**
   * Whether a value is a token or its ref.
   *
   * Takes `value`: anything.
   * Wire: `{ is_token: value }`.
   */
  IsToken(value: ExprArg): Expr
  /**
   * Whether a value is credentials or their ref.
   *
   * Takes `value`: anything.
   * Wire: `{ is_credentials: value }`.
   */
  IsCredentials(value: ExprArg): Expr
  /**
   * Whether a value is a role or its ref.
   *
   * Takes `value`: anything.
   * Wire: `{ is_role: value }`.
   */
  IsRole(value: ExprArg): Expr

  /**
   * Ends the query with an error, undoing its writes.
   *
   * Takes `message`: String.
   * Wire: `{ abort: message }`.
   * Errors: `invalid argument`, `transaction aborted`.
   */
  Abort(message: ExprArg): Expr
  /**
   * Bytes, from themselves or from base64; a value, as `Uint8Array` is one wherever an expression may stand.
   *
   * Takes `value`: bytes, or base64.
   */
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
