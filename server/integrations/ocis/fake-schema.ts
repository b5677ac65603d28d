import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { readOperations, type Document, type FindOperation } from '../fakes/openapi.ts'

export type { FindOperation, Operation } from '../fakes/openapi.ts'

/** The two servers that speak LibreGraph; each publishes its own description of it. */
export type Flavour = 'ocis' | 'opencloud'

const files: Record<Flavour, string> = {
  ocis: 'libre-graph.yaml',
  opencloud: 'libre-graph-opencloud.yaml',
}
const loaded = new Map<Flavour, FindOperation>()

/** The published description in `contract/`, below `/graph`; read once in a process. */
export function loadOperations(flavour: Flavour): FindOperation {
  const known = loaded.get(flavour)
  if (known) return known
  const made = readOperations(readDocument(flavour), {
    words: {
      required: 'is required',
      unknown: 'unknown field',
      noBody: 'a body of application/json is required',
      noneDeclared: 'no body is declared',
      other: (_, message) => message,
    },
    lists: 'with commas',
  })
  loaded.set(flavour, made)
  return made
}

function readDocument(flavour: Flavour): Document {
  const file = new URL(`contract/${files[flavour]}`, import.meta.url)
  return parse(readFileSync(file, 'utf8'), { prettyErrors: false }) as Document
}
