/** Wire JSON as plain comparable data, made without the code under test. */

/** Parses JSON, integers of 17 digits and more as bigints; for texts whose strings hold no such number after a colon. */
export function parseWire(text: string): unknown {
  const marked = text.replace(/(?<=[:[,])-?\d{16,}(?=[,}\]])/g, digits => `"\\u0001${digits}"`)
  return JSON.parse(marked, (_key, value: unknown) => {
    if (typeof value !== 'string' || value.charCodeAt(0) !== 1) return value
    const integer = BigInt(value.slice(1))
    return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer
  })
}

/** A decoded value as the wire JSON that it stands for. */
export function toWireJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(toWireJson)
  if ('toJSON' in value && typeof value.toJSON === 'function') return JSON.parse(JSON.stringify(value))
  const fields = Object.entries(value).map(([key, field]) => [key, toWireJson(field)] as const)
  const object = Object.fromEntries(fields)
  // A ref with unknown keys stays in wire form; any other name with an at sign was taken out of an @obj.
  const isWire = fields.length === 1 && fields[0]![0] === '@ref'
  return !isWire && fields.some(([key]) => key.startsWith('@')) ? { '@obj': object } : object
}
