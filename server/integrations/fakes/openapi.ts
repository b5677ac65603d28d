import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import type { SchemaFault } from './log.ts'

/** One operation of a published schema, found for one request. */
export interface Operation {
  /** Such as `core_groups_list`. */
  id: string
  /** The path's parameters, decoded. */
  path: Record<string, string>
  /** Converts a query to the declared types. Unknown parameters are faults, though services ignore them. */
  parseQuery(query: URLSearchParams): { values: Record<string, unknown>; faults: SchemaFault[] }
  /** Unknown properties are faults, at any depth, though some services ignore them. */
  checkBody(body: unknown): SchemaFault[]
  checkAnswer(status: number, body: unknown): SchemaFault[]
}

/** Finds the operation for a method and a path; undefined if the schema has none. */
export type FindOperation = (method: string, path: string) => Operation | undefined

export interface Schema extends Record<string, unknown> {
  $ref?: string
  allOf?: Schema[]
  properties?: Record<string, Schema>
  items?: Schema
}
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

/** An OpenAPI 3 document, as far as it is read. */
export interface Document {
  paths: Record<string, Record<string, Declared>>
  components: Record<string, Record<string, Schema>>
}

/** What is peculiar to a service. */
export interface Peculiar {
  /** How it says what is wrong. */
  words: {
    required: string
    unknown: string
    noBody: string
    noneDeclared: string
    other(keyword: string, message: string): string
  }
  /** How it writes a list in a query. */
  lists: 'repeated' | 'with commas'
  /** The answer of every status that no operation declares; absent: that it has no body. */
  undeclared?: Schema
}

/** Reads a published document, each schema of it when it is first needed. */
export function readOperations(document: Document, peculiar: Peculiar): FindOperation {
  // A literal path (`/core/users/me/`) goes before one with parameters (`/core/users/{id}/`).
  const paths = Object.entries(document.paths)
    .map(([path, methods]) => ({ pattern: patternOf(path), methods, parameters: path.split('{').length }))
    .sort((one, other) => one.parameters - other.parameters)
  const checks = createChecks(document, peculiar)

  return (method, path) => {
    for (const { pattern, methods } of paths) {
      const match = pattern.exec(path)
      if (!match) continue
      const declared = methods[method.toLowerCase()]
      if (!declared) return undefined
      const parameters = Object.entries({ ...match.groups })
      const decoded = parameters.map(([name, value]) => [name, decodeURIComponent(value)] as const)
      return { id: declared.operationId, path: Object.fromEntries(decoded), ...checks(declared) }
    }
    return undefined
  }
}

function patternOf(path: string): RegExp {
  const pattern = path
    .replaceAll('.', '\\.')
    .replace(/\{([\w-]+)\}/g, (_, name: string) => `(?<${name.replaceAll('-', '_')}>[^/]+)`)
  return new RegExp(`^${pattern}$`)
}

type Checks = Pick<Operation, 'parseQuery' | 'checkBody' | 'checkAnswer'>

function createChecks(document: Document, { words, lists, undeclared }: Peculiar) {
  // Not strict: that refuses OpenAPI's own keywords, such as readOnly, and formats that it does not know.
  const exact = new Ajv({ strict: false, allErrors: true, logger: false })
  const coercing = new Ajv({ strict: false, allErrors: true, coerceTypes: true, logger: false })
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

  const faultsOf = (check: ValidateFunction, value: unknown): SchemaFault[] =>
    check(value) ? [] : (check.errors ?? []).map(faultOf)

  function faultOf({ keyword, params, instancePath, message = '' }: ErrorObject): SchemaFault {
    const field = instancePath.slice(1).replaceAll('/', '.')
    if (keyword === 'required') return { field: String(params.missingProperty), message: words.required }
    if (keyword === 'additionalProperties')
      return { field: String(params.additionalProperty), message: words.unknown }
    return { field, message: words.other(keyword, message) }
  }

  return (declared: Declared): Checks => ({
    parseQuery(query) {
      const parameters = (declared.parameters ?? []).map((parameter) => resolve(parameter, document))
      const properties = Object.fromEntries(
        parameters.filter(({ in: place }) => place === 'query').map(({ name, schema }) => [name, schema]),
      )
      const values: Record<string, unknown> = {}
      for (const name of new Set(query.keys())) {
        const isList = properties[name]?.type === 'array'
        const list = lists === 'repeated' ? query.getAll(name) : query.get(name)?.split(',')
        values[name] = isList ? list : query.get(name)
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
      if (!schema) return body === undefined ? [] : [{ field: '', message: words.noneDeclared }]
      if (body === undefined) return [{ field: '', message: words.noBody }]
      const check = validator(`${declared.operationId} body`, exact, () => schema)
      const unknown = unknownFields(schema, body, document).map((field) => ({
        field,
        message: words.unknown,
      }))
      return [...faultsOf(check, body), ...unknown]
    },

    checkAnswer(status, body) {
      const answer = declared.responses[status] ?? declared.responses.default
      const schema = answer ? resolve(answer, document).content?.['application/json']?.schema : undeclared
      if (!schema) return body === undefined ? [] : [{ field: '', message: words.noneDeclared }]
      return faultsOf(
        validator(`${declared.operationId} ${status}`, exact, () => schema),
        body,
      )
    },
  })
}

function resolve<T extends { $ref?: string }>(node: T, document: Document): T {
  if (typeof node.$ref !== 'string') return node
  const [, , kind = '', name = ''] = node.$ref.split('/')
  return document.components[kind]?.[name] as unknown as T
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

/** Fields that no schema declares, at any depth. */
function unknownFields(node: Schema, value: unknown, document: Document, path = ''): string[] {
  const schema = resolve(node, document)
  if (Array.isArray(value)) {
    const { items } = schema
    return items ? value.flatMap((it, index) => unknownFields(items, it, document, `${path}${index}.`)) : []
  }
  if (typeof value !== 'object' || value === null) return []
  const properties = propertiesOf(schema, document)
  // An object of no declared properties is free.
  if (Object.keys(properties).length === 0) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const declared = properties[name]
    return declared ? unknownFields(declared, inner, document, `${path}${name}.`) : [`${path}${name}`]
  })
}

function propertiesOf(node: Schema, document: Document): Record<string, Schema> {
  const schema = resolve(node, document)
  const inherited = (schema.allOf ?? []).map((part) => propertiesOf(part, document))
  return Object.assign({}, ...inherited, schema.properties)
}
