/** The bodies of answers: results and errors as the text of the wire (protocol.md C.1, C.2). */
import { translate } from './dialects.ts'
import type { Dialect } from './dialects.ts'
import { writeString } from './json.ts'
import type { QueryError } from './failures.ts'
import type { Renderer } from './render.ts'
import { pathOf } from './position.ts'
import type { Value } from './values.ts'

/** The body of a query that went well. */
export function resultBody(value: Value, renderer: Renderer): string {
  return `{"resource":${renderer.value(value)}}`
}

/** The body of a query that failed. */
export function errorsBody(errors: readonly QueryError[], dialect: Dialect): string {
  return `{"errors":[${errors.map(error => errorText(error, dialect)).join()}]}`
}

/** The body of a request that failed outside of its query. */
export function protocolErrorBody(code: string, description: string): string {
  return `{"errors":[{"code":${writeString(code)},"description":${writeString(description)}}]}`
}

function errorText({ at, code, description, failures, cause }: QueryError, dialect: Dialect): string {
  const words = (text: string): string => writeString(translate(text, dialect))
  const position = pathOf(at).map(step => (typeof step === 'string' ? writeString(step) : String(step)))
  const parts = [
    `"position":[${position.join()}]`,
    `"code":${writeString(code)}`,
    `"description":${words(description)}`,
  ]
  if (failures !== undefined) {
    const texts = failures.map(
      failure =>
        `{"field":[${failure.field.map(writeString).join()}],"code":${writeString(failure.code)},"description":${words(failure.description)}}`,
    )
    parts.push(`"failures":[${texts.join()}]`)
  }
  if (cause !== undefined) parts.push(`"cause":[${cause.map(error => errorText(error, dialect)).join()}]`)
  return `{${parts.join()}}`
}
