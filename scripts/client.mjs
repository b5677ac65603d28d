// @ts-check
// Writes the types of the client in cli/client from the server's route files: through the OpenAPI document that they make.
// Does nothing where they are up to date.
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import openapiTypescript, { astToString } from 'openapi-typescript'
import { runnerImport } from 'vite'
import { sourceFingerprint } from './launch/fingerprint.mjs'
import { placeOf } from './route-files.mjs'
import { root } from './schema.mjs'

/** @typedef {{ paths: Record<string, unknown> }} Document */

const folder = join(root, 'cli/client/generated')
/** Everything that the document can depend on. */
const sources = ['server', 'shared', 'package-lock.json', 'scripts/client.mjs', 'scripts/route-files.mjs']

/** The routes as the build lists them. */
function routesModule() {
  const files = globSync('server/{api,routes}/**/*.{get,post,put,patch,delete}.ts', { cwd: root }).sort()
  const entries = files.map((file) => {
    const { method, path } = placeOf(file)
    const source = JSON.stringify(join(root, file))
    return `{ method: '${method}', path: '${path}', load: () => import(${source}).then((m) => m.default) }`
  })
  return `export const routes = [${entries.join(',\n')}]`
}

/** Modules that are no files, by their names. */
const virtual = {
  '#tenantry/routes': routesModule,
  '#tenantry/document': () =>
    `import { openApiOfBuild } from '#server/http/openapi-of-build'
     export const document = await openApiOfBuild('http://localhost')`,
}

/** @returns {Promise<Document>} the OpenAPI document of this tree */
async function readDocument() {
  const imported = await runnerImport('#tenantry/document', {
    root,
    configFile: false,
    logLevel: 'error',
    // That of the project names files that `nuxt prepare` writes: in a fresh clone there are none yet.
    // @ts-expect-error: Vite passes it on to oxc, and its types lack it
    oxc: { tsconfig: false },
    resolve: { alias: { '#server': join(root, 'server'), '#shared': join(root, 'shared') } },
    plugins: [
      {
        name: 'tenantry',
        enforce: 'pre',
        resolveId: (id) => (Object.hasOwn(virtual, id) ? `\0${id}` : undefined),
        load: (id) => Object.entries(virtual).find(([name]) => id === `\0${name}`)?.[1](),
      },
    ],
  })
  return /** @type {{ document: Document }} */ (imported.module).document
}

const stamp = join(folder, 'api.sha256')
const target = join(folder, 'api.ts')
const now = sourceFingerprint(root, sources)
if (!existsSync(target) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== now) {
  const document = await readDocument()
  const ast = await openapiTypescript(/** @type {any} */ (document), { alphabetize: false })
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${target}.new`, astToString(ast))
  renameSync(`${target}.new`, target)
  writeFileSync(stamp, now)
  console.log(`Generated the client of ${Object.keys(document.paths).length} addresses.`)
}
