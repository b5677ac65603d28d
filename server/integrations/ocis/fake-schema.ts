import { readFileSync } from 'node:fs'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'
import type { SchemaFault } from '../fakes/log.ts'

/** The two servers that speak LibreGraph; each publishes its own description of it. */
export type Flavour = 'ocis' | 'opencloud'

/** One operation of the published schema, found for one request. */
export interface Operation {
  /** Such as `CreateDrive`. */
  id: string
  /** The path's parameters, decoded, such as `drive_id`. */
  path: Record<string, string>
  /** Converts a query to the declared types. Unknown parameters are faults, though OCIS ignores them. */
  parseQuery(query: URLSearchParams): { values: Record<string, unknown>; faults: SchemaFault[] }
  /** Unknown properties are faults, at any depth, as they are to OCIS. */
  checkBody(body: unknown): SchemaFault[]
  checkAnswer(status: number, body: unknown): SchemaFault[]
}

/** Finds the operation for a method and a path below `/graph`; undefined if the schema has none. */
export type FindOperation = (method: string, path: string) => Operation | undefined

interface Schema extends Record<string, unknown> {
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
interface Document {
  paths: Record<string, Record<string, Declared>>
  components: Record<string, Record<string, Schema>>
}

const files: Record<Flavour, string> = {
  ocis: 'libre-graph.yaml',
  opencloud: 'libre-graph-opencloud.yaml',
}
const loaded = new Map<Flavour, FindOperation>()

/** The published description in `contract/`; read once in a process. */
export function loadOperations(flavour: Flavour): FindOperation {
  const known = loaded.get(flavour) ?? readOperations(flavour)
  loaded.set(flavour, known)
  return known
}

function readOperations(flavour: Flavour): FindOperation {
  const file = new URL(`contract/${files[flavour]}`, import.meta.url)
  const document = parse(readFileSync(file, 'utf8'), { prettyErrors: false }) as Document
  const paths = Object.entries(document.paths).map(([path, methods]) => ({
    pattern: patternOf(path),
    methods,
  }))
  const checks = createChecks(document)

  return (method, path) => {
    for (const { pattern, methods } of paths) {
      const match = pattern.exec(path)
      if (!match) continue
      const declared = methods[method.toLowerCase()]
      const parameters = Object.entries({ ...match.groups }).map(([name, value]) => [
        name,
        decodeURIComponent(value),
      ])
      return (
        declared && { id: declared.operationId, path: Object.fromEntries(parameters), ...checks(declared) }
      )
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

function createChecks(document: Document): (declared: Declared) => Checks {
  // Not strict: that refuses OpenAPI's own keywords, such as readOnly, and formats that it does not know.
  const exact = new Ajv({ strict: false, allErrors: true, logger: false })
  const coercing = new Ajv({ strict: false, allErrors: true, coerceTypes: true, logger: false })
  addFormats(exact)
  addFormats(coercing)

  const compiled = new Map<string, ValidateFunction>()
  function validator(key: string, ajv: Ajv, schema: () => Schema): ValidateFunction {
    const known = compiled.get(key)
    if (known) return known
    const made = ajv.compile({ ...schema(), components: document.components })
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
      for (const [name, value] of query) {
        values[name] = properties[name]?.type === 'array' ? value.split(',') : value
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
      if (!schema) return body === undefined ? [] : [{ field: '', message: 'no body is declared' }]
      if (body === undefined) return [{ field: '', message: 'a body of application/json is required' }]
      const check = validator(`${declared.operationId} body`, exact, () => schema)
      return [...faultsOf(check, body), ...unknownFields(schema, body, document)]
    },

    checkAnswer(status, body) {
      const answer = declared.responses[status] ?? declared.responses.default
      const schema = answer && resolve(answer, document).content?.['application/json']?.schema
      if (!schema) return body === undefined ? [] : [{ field: '', message: 'no body is declared' }]
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

/** Fields that no schema declares, at any depth: Go's DisallowUnknownFields. */
function unknownFields(node: Schema, value: unknown, document: Document, path = ''): SchemaFault[] {
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
    if (!declared) return [{ field: `${path}${name}`, message: 'unknown field' }]
    return unknownFields(declared, inner, document, `${path}${name}.`)
  })
}

function propertiesOf(node: Schema, document: Document): Record<string, Schema> {
  const schema = resolve(node, document)
  const inherited = (schema.allOf ?? []).map((part) => propertiesOf(part, document))
  return Object.assign({}, ...inherited, schema.properties)
}

function faultsOf(check: ValidateFunction, value: unknown): SchemaFault[] {
  return check(value) ? [] : (check.errors ?? []).map(faultOf)
}

function faultOf({ keyword, params, instancePath, message = '' }: ErrorObject): SchemaFault {
  const field = instancePath.slice(1).replaceAll('/', '.')
  if (keyword === 'required') return { field: params.missingProperty, message: 'is required' }
  if (keyword === 'additionalProperties')
    return { field: params.additionalProperty, message: 'unknown field' }
  return { field, message }
}
