import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { algorithms, filters, objectTypes, permissions, propertiesOf, quotaNames } from './fake-jmap-schema'
import { ListQuery, PrincipalBody } from './fake-rest-schema'

// What Stalwart publishes is not to be copied: where STALWART_TEST_SCHEMA names a folder that holds it, what was written
// by hand is held against it.
const files = { '0.16': 'stalwart-schema-0.16.json.gz', '0.15': 'stalwart-openapi-0.15.yml' }
const folder = process.env.STALWART_TEST_SCHEMA

describe('what Stalwart publishes, where it is named', () => {
  it('is there', () => {
    const missing = Object.values(files).filter((file) => folder && !existsSync(join(folder, file)))
    expect(missing).toEqual([])
  })
})

if (folder) {
  interface Property {
    type: { type: string }
    update: string
  }
  interface Published {
    schemas: Record<string, { schemaName?: string; variants?: { name: string; schemaName?: string }[] }>
    fields: Record<string, { properties: Record<string, Property> }>
    enums: Record<string, { name: string }[]>
    lists: Record<string, { filters?: { field: string }[]; filtersStatic?: object }>
  }

  describe('what Stalwart publishes', () => {
    it('of 0.16 has every object, property, value and filter that the fake knows', () => {
      const file = readFileSync(join(folder, files['0.16']))
      const { schemas, fields, enums, lists } = JSON.parse(gunzipSync(file).toString('utf8')) as Published
      for (const type of objectTypes) {
        const { schemaName, variants = [] } = schemas[type] ?? {}
        const names = [schemaName, ...variants.map((variant) => variant.schemaName)].filter(
          (it) => it !== undefined,
        )
        const published = Object.assign({}, ...names.map((name) => fields[name]?.properties)) as object
        const known = propertiesOf(type).filter((name) => name !== 'id' && name !== '@type')
        expect(Object.keys(published)).toEqual(expect.arrayContaining(known))
      }
      const namesOf = (name: string) => enums[name]?.map((value) => value.name) ?? []
      expect(namesOf('Permission')).toEqual(expect.arrayContaining([...permissions]))
      expect(namesOf('DkimSignatureType')).toEqual(expect.arrayContaining([...algorithms]))
      expect(namesOf('StorageQuota')).toEqual(expect.arrayContaining([...quotaNames]))
      for (const [list, type] of [
        ['x:Domain', 'x:Domain'],
        ['x:Account/User', 'x:Account'],
        ['x:DkimSignature', 'x:DkimSignature'],
      ] as const) {
        const published = lists[list]?.filters?.map(({ field }) => field)
        expect(published).toEqual(expect.arrayContaining(Object.keys(filters[type])))
      }
    })

    it('of 0.15 has every path, field and parameter that the fake knows, but for those that it names', () => {
      const document = parse(readFileSync(join(folder, files['0.15']), 'utf8')) as {
        paths: Record<string, Record<string, { parameters?: { name: string }[]; requestBody?: object }>>
      }
      const paths = [
        '/principal',
        '/principal/{principal_id}',
        '/dkim',
        '/dns/records/{domain}',
        '/settings',
        '/reload',
      ]
      expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(paths))
      const { get, post } = document.paths['/principal'] ?? {}
      const body = JSON.stringify(post?.requestBody)
      for (const field of Object.keys(PrincipalBody.shape)) expect(body).toContain(`"${field}":{"type"`)
      const parameters = get?.parameters?.map(({ name }) => name) ?? []
      const beyond = Object.keys(ListQuery.shape).filter((name) => !parameters.includes(name))
      expect(beyond).toEqual(['fields', 'filter'])
    })
  })
}
