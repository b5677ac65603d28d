import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

/** A fault of a request or an answer: of one field (`''` for the whole), in words like Authentik's own. */
export interface SchemaFault {
  field: string
  message: string
}

/** One operation of the published schema, found for one request. */
export interface Operation {
  /** Such as `core_groups_list`. */
  id: string
  /** The path's parameters, as they were sent. */
  path: Record<string, string>
  /** Converts a query to the declared types. Unknown parameters are faults, though Authentik ignores them. */
  parseQuery(query: URLSearchParams): { values: Record<string, unknown>; faults: SchemaFault[] }
  /** Unknown properties are faults, though Authentik ignores them. */
  checkBody(body: unknown): SchemaFault[]
  checkAnswer(status: number, body: unknown): SchemaFault[]
}

/** Finds the operation for a method and a path below `/api/v3`; undefined if the schema has none. */
export type FindOperation = (method: string, path: string) => Operation | undefined

type Schema = Record<string, unknown>
interface Content {
  $ref?: string
  content?: { 'application/json'?: { schema: Schema } }
}
interface Declared {
  operationId: string
  parameters?: { $ref?: string; in: string; name: string; schema: Schema }[]
  requestBody?: Content & { required?: boolean }
  responses: Record<string, Content>
}
interface Document {
  paths: Record<string, Record<string, Declared>>
  components: Record<string, Record<string, Schema>>
}

let loaded: FindOperation | undefined

/** The schema.yml inside @goauthentik/api; read once in a process, which takes 0.7 s. */
export function loadOperations(): FindOperation {
  return (loaded ??= readOperations())
}

function readOperations(): FindOperation {
  const file = createRequire(import.meta.url).resolve('@goauthentik/api/schema.yml')
  const document = parse(readFileSync(file, 'utf8'), { prettyErrors: false }) as Document
  // A literal path (`/core/users/me/`) goes before one with parameters (`/core/users/{id}/`).
  const paths = Object.entries(document.paths)
    .map(([path, methods]) => ({ pattern: patternOf(path), methods, parameters: path.split('{').length }))
    .sort((one, other) => one.parameters - other.parameters)
  const checks = createChecks(document)

  return (method, path) => {
    for (const { pattern, methods } of paths) {
      const match = pattern.exec(path)
      if (!match) continue
      const declared = methods[method.toLowerCase()]
      return declared && { id: declared.operationId, path: { ...match.groups }, ...checks(declared) }
    }
    return undefined
  }
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`)
}

type Checks = Pick<Operation, 'parseQuery' | 'checkBody' | 'checkAnswer'>

function createChecks(document: Document): (declared: Declared) => Checks {
  // Not strict: that refuses OpenAPI's own keywords, such as readOnly.
  const exact = new Ajv({ strict: false, allErrors: true })
  const coercing = new Ajv({ strict: false, allErrors: true, coerceTypes: true })
  addFormats(exact)
  addFormats(coercing)

  const compiled = new Map<string, ValidateFunction>()
  function validator(key: string, ajv: Ajv, schema: () => Schema): ValidateFunction {
    const known = compiled.get(key)
    if (known) return known
    const root = schema()
    const made = ajv.compile({ ...root, components: { schemas: reachable(root, document) } })
    compiled.set(key, made)
    return made
  }

  return (declared) => ({
    parseQuery(query) {
      const parameters = (declared.parameters ?? []).map((parameter) => resolve(parameter, document))
      const properties = Object.fromEntries(
        parameters.filter(({ in: place }) => place === 'query').map(({ name, schema }) => [name, schema]),
      )
      const values: Record<string, unknown> = {}
      for (const name of new Set(query.keys())) {
        values[name] = properties[name]?.type === 'array' ? query.getAll(name) : query.get(name)
      }
      const check = validator(`${declared.operationId} query`, coercing, () => ({
        type: 'object',
        properties,
        additionalProperties: false,
      }))
      return { faults: faultsOf(check, values), values }
    },

    checkBody(body) {
      const schema = declared.requestBody?.content?.['application/json']?.schema
      if (!schema) return body === undefined ? [] : [{ field: '', message: 'No body is declared.' }]
      if (body === undefined) return [{ field: '', message: 'A body of application/json is required.' }]
      const check = validator(`${declared.operationId} body`, exact, () => ({
        ...resolve(schema, document),
        additionalProperties: false,
      }))
      return faultsOf(check, body)
    },

    checkAnswer(status, body) {
      const answer = declared.responses[status]
      // 404, 405 and 500 are declared for no operation; they carry the generic error.
      const schema = answer
        ? resolve(answer, document).content?.['application/json']?.schema
        : { $ref: '#/components/schemas/GenericError' }
      if (!schema) return body === undefined ? [] : [{ field: '', message: 'No body is declared.' }]
      return faultsOf(
        validator(`${declared.operationId} ${status}`, exact, () => schema),
        body,
      )
    },
  })
}

function resolve<T extends { $ref?: string } | Schema>(node: T, document: Document): T {
  if (typeof node.$ref !== 'string') return node
  const [, , kind = '', name = ''] = node.$ref.split('/')
  return document.components[kind]?.[name] as T
}

/** The component schemas that a schema refers to, directly or through others. */
function reachable(
  schema: Schema,
  document: Document,
  found: Record<string, Schema> = {},
): Record<string, Schema> {
  for (const [, name = ''] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    const target = document.components.schemas?.[name]
    if (!target || name in found) continue
    found[name] = target
    reachable(target, document, found)
  }
  return found
}

function faultsOf(check: ValidateFunction, value: unknown): SchemaFault[] {
  return check(value) ? [] : (check.errors ?? []).map(faultOf)
}

function faultOf({ keyword, params, instancePath, message = '' }: ErrorObject): SchemaFault {
  const field = instancePath.slice(1).replaceAll('/', '.')
  if (keyword === 'required') return { field: params.missingProperty, message: 'This field is required.' }
  if (keyword === 'additionalProperties')
    return { field: params.additionalProperty, message: 'Unknown field.' }
  if (keyword === 'minLength') return { field, message: 'This field may not be blank.' }
  return { field, message: `${message}.` }
}
