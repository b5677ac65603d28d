import { readFileSync } from 'node:fs'
import openapiTypescript, { astToString, type OpenAPI3 } from 'openapi-typescript'
import { expect, it } from 'vitest'
import { openApiDocument } from '#server/http/openapi'
import { version } from '#server/lib/version'
import { routes } from '~~/tests/harness/routes'

it('has types of every route as it is now; `npm run generate` makes them', async () => {
  const placed = routes.map(async ({ method, path, load }) => {
    const { definition } = await load()
    return { method, path, definition }
  })
  const document: unknown = openApiDocument(await Promise.all(placed), version, 'http://localhost')
  const expected = astToString(await openapiTypescript(document as OpenAPI3))
  const lines = (text: string) => text.split('\n').sort()
  const generated = readFileSync(new URL('generated/api.ts', import.meta.url), 'utf8')
  // A path's methods come in the order of the files, which two file systems need not share.
  expect(lines(generated)).toEqual(lines(expected))
})
