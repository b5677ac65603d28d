import { createError, defineEventHandler } from 'h3'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import tenants from './tenants.get'

const issuer = process.env.BARE_ISSUER ?? ''
let keys: ReturnType<typeof createRemoteJWKSet> | undefined

/** The same query for whoever has a token of the issuer: jose as its documentation shows it, each time. */
export default defineEventHandler(async (event) => {
  const [, token = ''] = /^Bearer (.+)$/.exec(event.node.req.headers.authorization ?? '') ?? []
  keys ??= createRemoteJWKSet(new URL(`${issuer}/jwks`))
  try {
    await jwtVerify(token, keys, { issuer, audience: 'tenantry', algorithms: ['RS256'] })
  } catch (cause) {
    throw createError({ statusCode: 401, cause })
  }
  return tenants(event)
})
