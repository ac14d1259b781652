/**
 * Every wire form of FQL v4 that this package speaks, one row each (protocol.md E.1). It imports nothing: the
 * builders of `query/` and the evaluators of `local/` are both made from it, so that neither can know a form that
 * the other does not.
 *
 * A row lists the keys of the JSON object, the form's own key first. `?` marks a key that may be left out, `…` one
 * that takes one value or many. A form is found by its exact set of keys.
 */
export const forms = {
  // Special forms: their arguments are not evaluated first.
  at: ['at', 'expr'],
  var: ['var'],
  let: ['let', 'in'],
  if: ['if', 'then', 'else'],
  and: ['and…'],
  or: ['or…'],
  do: ['do…'],
  object: ['object'],
  quote: ['quote'],
  call: ['call', 'arguments?'],
  query: ['query'],
  lambda: ['lambda', 'expr'],
  select: ['select', 'from', 'all?', 'default?'],
  map: ['map', 'collection'],
  foreach: ['foreach', 'collection'],
  filter: ['filter', 'collection'],
  reduce: ['reduce', 'initial', 'collection'],
  merge: ['merge', 'with', 'lambda?'],
  join: ['join', 'with'],

  // Refs of schema, by name, and the sets that list them.
  ref: ['ref', 'id', 'scope?'],
  database: ['database', 'scope?'],
  index: ['index', 'scope?'],
  class: ['class', 'scope?'],
  collection: ['collection', 'scope?'],
  function: ['function', 'scope?'],
  role: ['role', 'scope?'],
  databases: ['databases'],
  indexes: ['indexes'],
  classes: ['classes'],
  collections: ['collections'],
  keys: ['keys'],
  tokens: ['tokens'],
  credentials: ['credentials'],
  functions: ['functions'],
  roles: ['roles'],
  new_id: ['new_id'],

  // Sets.
  singleton: ['singleton'],
  events: ['events'],
  documents: ['documents'],
  match: ['match', 'terms?', 'index?'],
  union: ['union…'],
  intersection: ['intersection…'],
  difference: ['difference…'],
  distinct: ['distinct'],
  reverse: ['reverse'],
  range: ['range', 'from', 'to'],

  // Reads.
  exists: ['exists', 'ts?'],
  get: ['get', 'ts?'],
  first: ['first'],
  last: ['last'],
  paginate: ['paginate', 'after?', 'before?', 'cursor?', 'ts?', 'size?', 'events?', 'sources?'],

  // Writes.
  create: ['create', 'params?'],
  update: ['update', 'params?'],
  replace: ['replace', 'params?'],
  delete: ['delete'],
  insert: ['insert', 'ts', 'action', 'params?'],
  remove: ['remove', 'ts', 'action'],
  create_collection: ['create_collection'],
  create_database: ['create_database'],
  create_index: ['create_index'],
  create_key: ['create_key'],
  create_function: ['create_function'],
  create_role: ['create_role'],

  // Who asks.
  identify: ['identify', 'password'],
  login: ['login', 'params'],
  logout: ['logout'],
  current_identity: ['current_identity'],
  has_current_identity: ['has_current_identity'],
  current_token: ['current_token'],
  has_current_token: ['has_current_token'],

  // Comparison and logic.
  equals: ['equals…'],
  lt: ['lt…'],
  lte: ['lte…'],
  gt: ['gt…'],
  gte: ['gte…'],
  not: ['not'],
  contains_path: ['contains_path', 'in'],
  contains_field: ['contains_field', 'in'],
  contains_value: ['contains_value', 'in'],

  // Arrays, pages and sets as collections of values.
  prepend: ['prepend', 'collection'],
  append: ['append', 'collection'],
  take: ['take', 'collection'],
  drop: ['drop', 'collection'],
  is_empty: ['is_empty'],
  is_nonempty: ['is_nonempty'],
  count: ['count'],
  sum: ['sum'],
  mean: ['mean'],
  any: ['any'],
  all: ['all'],
  max: ['max…'],
  min: ['min…'],

  // Strings.
  concat: ['concat…', 'separator?'],
  casefold: ['casefold', 'normalizer?'],
  length: ['length'],
  lowercase: ['lowercase'],
  uppercase: ['uppercase'],
  startswith: ['startswith', 'search'],
  endswith: ['endswith', 'search'],
  containsstr: ['containsstr', 'search'],

  // Numbers.
  abs: ['abs'],
  add: ['add…'],
  subtract: ['subtract…'],
  multiply: ['multiply…'],
  divide: ['divide…'],
  modulo: ['modulo…'],

  // Time.
  time: ['time'],
  now: ['now'],
  epoch: ['epoch', 'unit'],
  date: ['date'],
  time_add: ['time_add', 'offset', 'unit'],
  time_subtract: ['time_subtract', 'offset', 'unit'],
  time_diff: ['time_diff', 'other', 'unit'],
  to_micros: ['to_micros'],
  to_millis: ['to_millis'],
  to_seconds: ['to_seconds'],

  // Conversion.
  to_string: ['to_string'],
  to_number: ['to_number'],
  to_double: ['to_double'],
  to_integer: ['to_integer'],
  to_time: ['to_time'],
  to_date: ['to_date'],
  to_object: ['to_object'],
  to_array: ['to_array'],

  abort: ['abort'],
} as const satisfies Record<string, readonly string[]>

/** Keys of a form of which only one may be given. */
export const alternatives: { readonly [Name in keyof typeof forms]?: readonly string[] } = {
  match: ['terms', 'index'],
  paginate: ['after', 'before', 'cursor'],
}

/** The name of a wire form: the first key of its JSON object, as `'create_collection'`. */
export type FormName = keyof typeof forms
