/**
 * Copies of the files of the corpus of queries in which what the user named has another name: collections, indexes,
 * functions, roles and databases, and, unless queries compute with them, ids of documents and fields of their data; the
 * same in requests and answers, whether it stands as a word, in a path, in a text of JSON, or in the text of an error.
 * Literals that a query computes with stay: their values are what it is about.
 */
import { isOwnWord } from './renaming.ts'
import type { Renaming } from './renaming.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A query and its answer. */
type Case = { readonly request?: Json; readonly raw?: string; readonly path?: string; readonly body: Json | string }
/** What of a file has another name in its copy, beside the names of schema. */
export type Renamed = { readonly ids: boolean; readonly fields: boolean }
/** A file of the corpus. */
export type Corpus = { readonly setup: readonly Case[]; readonly cases: readonly Case[] }

/** Forms whose parameters name a schema document. */
const namers = /^create_(?:collection|class|index|database|function|role|access_provider)$/
/** Names that a test of names is not about. */
const plainName = /^[a-z]\w{2,}$/i

function visit(json: Json, see: (object: { readonly [key: string]: Json }) => void): void {
  if (Array.isArray(json)) for (const item of json as readonly Json[]) visit(item, see)
  else if (typeof json === 'object' && json !== null) {
    const object = json as { readonly [key: string]: Json }
    see(object)
    for (const value of Object.values(object)) visit(value, see)
  }
}

function objectOf(json: Json | undefined): { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as { [key: string]: Json }) : {}
}

/** The names that requests give to schema documents. */
function namesOf({ setup, cases }: Corpus): Set<string> {
  const names = new Set<string>()
  const add = (params: Json | undefined): void => {
    const { name } = objectOf(objectOf(params)['object'])
    if (typeof name === 'string' && plainName.test(name) && !isOwnWord(name)) names.add(name)
  }
  for (const { request } of [...setup, ...cases]) {
    visit(request ?? null, object => {
      for (const [key, params] of Object.entries(object)) if (namers.test(key)) add(params)
      if ('update' in object || 'replace' in object || 'create' in object) add(object['params'])
    })
  }
  return names
}

/** The keys of the data that requests give to documents, however deep. */
function fieldsOf({ setup, cases }: Corpus): Set<string> {
  const fields = new Set<string>()
  const add = (data: Json | undefined): void =>
    visit(objectOf(data)['object'] ?? null, object => {
      for (const key of Object.keys(object)) if (/^[a-z]\w*$/i.test(key) && !isOwnWord(key)) fields.add(key)
    })
  for (const { request } of [...setup, ...cases]) visit(request ?? null, object => add(object['data']))
  // A name that is a variable's too stays: where it stands as a key, it may be either.
  for (const { request } of [...setup, ...cases]) visit(request ?? null, object => fields.delete(String(object['var'])))
  return fields
}

const natives = 'databases|collections|classes|indexes|functions|roles|keys|tokens|credentials|access_providers'
/** The id of a document under its key; what is in a native collection has a name or a number of the server's. */
const idUnderKey = new RegExp(
  String.raw`(?<=\\?"id\\?":\s*)(\\?"|)(0*)([1-9]\d{0,8})\1(?=\s*[,}])(?!\s*,\s*\\?"(?:class|collection)\\?":\s*\{\s*\\?"@ref\\?":\s*\{\s*\\?"id\\?":\s*\\?"(?:${natives})\\?"\s*\})`,
  'g',
)
const idInPath = /(?<=^(?:classes|collections)\/[^/]+\/)[1-9]\d{0,8}$/
const nameInPath = new RegExp(`(?<=(?:^|/)(?:${natives})/)[^/]+`)

/** Renames words of a text of JSON, and leaves the rest of it as it is. */
class Renamer {
  readonly #words: ReadonlySet<string>
  readonly #fields: ReadonlySet<string>
  readonly #renaming: Renaming
  readonly #hasIds: boolean

  constructor(words: ReadonlySet<string>, fields: ReadonlySet<string>, renaming: Renaming, hasIds: boolean) {
    this.#words = words
    this.#fields = fields
    this.#renaming = renaming
    this.#hasIds = hasIds
  }

  /**
   * Strings are renamed where they are such a word, or have one between quotation marks or slashes; fields where they are
   * a key, or stand behind `data` in a path; ids by their key.
   */
  text(json: string): string {
    const renamed = json
      .replace(/"((?:[^"\\]|\\.)*)"(\s*:)?/g, (_all, inner: string, colon = '') => {
        return `"${colon === '' ? this.string(inner) : this.#field(inner)}"${colon}`
      })
      .replace(/(?<="data"(?:,"\w+")*,")\w+(?=")/g, step => this.#field(step))
    if (!this.#hasIds) return renamed
    return renamed.replace(idUnderKey, (_all, quote: string, zeros: string, id: string) => {
      return `${quote}${zeros}${this.#id(id)}${quote}`
    })
  }

  /** What stands between the quotation marks of a string. */
  string(inner: string): string {
    if (this.#words.has(inner)) return this.#renaming.prefix + inner
    return inner
      .replace(/'([^']+)'/g, (_all, quoted: string) => `'${this.#word(quoted)}'`)
      .replace(/\\"(\w+)\\"/g, (_all, quoted: string) => String.raw`\"${this.#word(quoted)}\"`)
      .replace(/(?<=Value not found at path \[)[^\]]*/, path =>
        path
          .split(',')
          .map(step => this.#word(step))
          .join(),
      )
      .replace(idInPath, id => (this.#hasIds ? this.#id(id) : id))
      .replace(nameInPath, word => this.#word(word))
  }

  #id(id: string): string {
    return String(Number(id) + this.#renaming.idOffset)
  }

  #field(word: string): string {
    return this.#fields.has(word) ? this.#renaming.prefix + word : word
  }

  #word(word: string): string {
    return this.#words.has(word) ? this.#renaming.prefix + word : word
  }
}

/** A query that puts a name together from its letters cannot be asked for another one. */
const computedName = '["thi","ngs"]'

/** A copy with everything of the user's renamed. */
export function renameCorpus(corpus: Corpus, renaming: Renaming, { ids, fields }: Renamed): Corpus {
  const renamer = new Renamer(namesOf(corpus), fields ? fieldsOf(corpus) : new Set(), renaming, ids)
  const rename = (one: Case): Case => ({
    ...one,
    ...(one.request !== undefined && { request: JSON.parse(renamer.text(JSON.stringify(one.request))) as Json }),
    ...(one.raw !== undefined && { raw: renamer.text(one.raw) }),
    ...(one.path !== undefined && { path: renamePath(one.path, renamer) }),
    body:
      typeof one.body === 'string'
        ? renamer.text(one.body)
        : (JSON.parse(renamer.text(JSON.stringify(one.body))) as Json),
  })
  const isRenamed = ({ request }: Case): boolean => !JSON.stringify(request ?? null).includes(computedName)
  return { ...corpus, setup: corpus.setup.map(rename), cases: corpus.cases.filter(isRenamed).map(rename) }
}

/** A path names what it is about, or has a query in it. */
function renamePath(path: string, renamer: Renamer): string {
  const [address = '', ...rest] = path.split('?')
  const parameters = rest.join('?').replace(/(?<=\bq=)[^&]*/, query => {
    return encodeURIComponent(renamer.text(decodeURIComponent(query)))
  })
  return renamer.string(address) + (rest.length === 0 ? '' : `?${parameters}`)
}
