/** The part of Standard Schema (standardschema.dev, version 1) that is used here: zod, valibot, arktype and others have it. */

/** What does not fit, as a schema tells it. */
export type StandardIssue = {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema makes of a value. */
export type StandardResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] }

/** A schema of any library that has Standard Schema's property `~standard`. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    /** For the compiler alone. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

type TypesOf<S> = S extends StandardSchema ? NonNullable<S['~standard']['types']> : never

/** The type that a schema takes. */
export type SchemaInput<S> = TypesOf<S>['input']

/** The type that a schema gives. */
export type SchemaOutput<S> = TypesOf<S>['output']

/** Whether a value is a schema: some are objects, some functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const { '~standard': standard } = value as Partial<StandardSchema>
  return typeof standard === 'object' && standard !== null && typeof standard.validate === 'function'
}
