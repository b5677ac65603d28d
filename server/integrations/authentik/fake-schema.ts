import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parse } from 'yaml'
import { readOperations, type Document, type FindOperation } from '../fakes/openapi.ts'

export type { SchemaFault } from '../fakes/log.ts'
export type { Operation } from '../fakes/openapi.ts'

let loaded: FindOperation | undefined

/** The schema.yml inside @goauthentik/api, below `/api/v3`; read once in a process, which takes 0.7 s. */
export function loadOperations(): FindOperation {
  return (loaded ??= readOperations(readDocument(), {
    words: {
      required: 'This field is required.',
      unknown: 'Unknown field.',
      noBody: 'A body of application/json is required.',
      noneDeclared: 'No body is declared.',
      other: (keyword, message) => (keyword === 'minLength' ? 'This field may not be blank.' : `${message}.`),
    },
    lists: 'repeated',
    // 404, 405 and 500 are declared for no operation; they carry the generic error.
    undeclared: { $ref: '#/components/schemas/GenericError' },
  }))
}

function readDocument(): Document {
  const file = createRequire(import.meta.url).resolve('@goauthentik/api/schema.yml')
  return parse(readFileSync(file, 'utf8'), { prettyErrors: false }) as Document
}
