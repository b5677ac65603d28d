import type { z } from 'zod'
import { schemas, serverSet, type ObjectType } from './fake-jmap-schema.ts'

/** What an error names: without the prefix that the methods have. */
export interface ObjectReference {
  object: string
  id: string
}
export const referenceTo = (type: ObjectType, id: string): ObjectReference => ({ object: type.slice(2), id })

/** JMAP's SetError, with Stalwart's own additions. */
export interface SetErrorBody {
  type: string
  description?: string
  properties?: string[]
  objectId?: ObjectReference
  linkedObjects?: ObjectReference[]
  validationErrors?: { type: string; property: string }[]
}

type Fields = Record<string, unknown>
export type Made<Value> = { value: Value } | { error: SetErrorBody; isViolation: boolean }

const violation = (error: SetErrorBody): Made<never> => ({ error, isViolation: true })

/** Makes an object of what a caller sent, defaults filled in. */
export function make(type: ObjectType, sent: unknown): Made<Fields> {
  if (!isFields(sent))
    return violation({ type: 'invalidPatch', description: 'Invalid value type for object' })
  const array = pathOfArray(sent)
  if (array) {
    return violation({
      type: 'invalidPatch',
      description: 'Invalid value for object property',
      properties: [array],
    })
  }
  const [set] = serverSet[type].filter((property) => property in sent)
  if (set) {
    const description = 'Cannot modify server set property'
    return violation({ type: 'invalidPatch', description, properties: [set] })
  }
  const parsed = schemas[type].safeParse(sent)
  return parsed.success ? { value: parsed.data } : violation(misfit(parsed.error))
}

/** Changes an object as a patch says: a value replaces what a pointer names, null removes a member of a list. */
export function patch(type: ObjectType, object: Fields, changes: unknown): Made<Fields> {
  if (!isFields(changes))
    return violation({ type: 'invalidPatch', description: 'Invalid value type for object' })
  const changed = structuredClone(object)
  for (const [pointer, value] of Object.entries(changes)) {
    const keys = pointer.split('/')
    const last = keys.pop() ?? ''
    let target: unknown = changed
    for (const key of keys) target = isFields(target) ? target[key] : undefined
    if (!isFields(target)) {
      const description = 'Invalid JSON Pointer path'
      return violation({ type: 'invalidPatch', description, properties: [pointer] })
    }
    if (value === null && keys.length > 0) Reflect.deleteProperty(target, last)
    else target[last] = structuredClone(value)
  }
  return make(type, changed)
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Lists and sets are objects on this wire: an array is a mistake, wherever it is. */
function pathOfArray(value: unknown, path: string[] = []): string | undefined {
  if (Array.isArray(value)) return path.join('/')
  if (!isFields(value)) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const found = pathOfArray(inner, [...path, key])
    if (found) return found
  }
  return undefined
}

function misfit(error: z.ZodError): SetErrorBody {
  const [issue] = error.issues
  const property =
    issue?.path.map(String).join('/') || (issue?.code === 'unrecognized_keys' ? issue.keys[0] : '')
  const isMissing = issue?.code === 'invalid_type' && /received undefined/.test(issue.message)
  if (isMissing && property)
    return { type: 'validationFailed', validationErrors: [{ type: 'Required', property }] }
  return {
    type: 'invalidPatch',
    description: issue?.message ?? 'Invalid value',
    ...(property ? { properties: [property] } : {}),
  }
}
