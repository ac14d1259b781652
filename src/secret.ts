/** The secret, as given or as asked for; asked once for all who wait, and again when it was refused. */

/** A secret, or a function that gives one. */
export type SecretSource = string | (() => string | Promise<string>)

/** Characters that a header's value cannot hold (RFC 9110 §5.5). */
const unsendable = /[^\x21-\x7e]/
/** Longest secret, in characters: the server takes 8 KiB of headers in all (protocol.md A.2). */
const maxSecretLength = 4_096

/** Whether a text can be sent as a secret. */
export function isSendable(secret: unknown): secret is string {
  return typeof secret === 'string' && secret.length > 0 && secret.length <= maxSecretLength && !unsendable.test(secret)
}

/** Keeps a secret out of sight: it stands in private fields only, so that no inspection shows it. */
export class Secret {
  readonly #ask: (() => string | Promise<string>) | undefined
  #value: string | undefined
  #asking: Promise<string> | undefined

  constructor(source: SecretSource) {
    if (typeof source === 'string') this.#value = source
    else this.#ask = source
  }

  /** The secret. Rejects with what the user's function threw, or with a TypeError where it gave none. */
  async read(): Promise<string> {
    if (this.#value !== undefined) return this.#value
    this.#asking ??= this.#askOnce().finally(() => (this.#asking = undefined))
    return this.#asking
  }

  /**
   * Forgets the secret that a refused request was sent with; says whether asking again may give another. One that was
   * asked for meanwhile stays: late refusals of the old one say nothing of it.
   */
  refuse(used: string | undefined): boolean {
    if (this.#ask === undefined) return false
    if (this.#value === used) this.#value = undefined
    return true
  }

  /** The same secret, to be asked for anew where a function gives it. */
  renewed(): Secret {
    return new Secret(this.#ask ?? this.#value!)
  }

  async #askOnce(): Promise<string> {
    const value: unknown = await this.#ask!()
    if (!isSendable(value)) throw new TypeError('the secret function gave no text that can be sent as a secret')
    this.#value = value
    return value
  }
}
