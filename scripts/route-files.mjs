// @ts-check

/** Where Nitro serves a route file. @param {string} file such as /…/server/api/tenants/[slug]/index.get.ts */
export function placeOf(file) {
  const named = /^(?:.*\/)?server\/(api|routes)\/(.*)\.(get|post|put|patch|delete)\.ts$/.exec(file)
  if (!named) throw new Error(`${file} is no route file: it names no method`)
  const [, root, name = '', method = ''] = named
  const path = `/${root === 'api' ? 'api/' : ''}${name}`.replace(/\/index$/, '').replace(/\[(\w+)\]/g, ':$1')
  return { method: method.toUpperCase(), path }
}
