import { routes } from '#tenantry/routes'
import { version } from '#server/lib/version'
import { openApiDocument } from './openapi'

/** The OpenAPI document of the routes that this build serves. */
export async function openApiOfBuild(publicUrl: string) {
  const placed = routes.map(async ({ method, path, load }) => {
    const { definition } = await load()
    return { method, path, definition }
  })
  return openApiDocument(await Promise.all(placed), version, publicUrl)
}
