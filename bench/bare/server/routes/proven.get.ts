import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { createError, defineEventHandler } from 'h3'
import { Redis } from 'ioredis'

let key: KeyObject | undefined
let redis: Redis | undefined

/** The least that a signed call can cost which counts once: one signature by a key that is known, and one key set in Redis. */
export default defineEventHandler(async (event) => {
  const [, jws = ''] = /^PoP (.+)$/.exec(event.node.req.headers.authorization ?? '') ?? []
  const [header = '', payload = '', signature = ''] = jws.split('.')
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: process.env.BARE_KEY ?? '' }
  key ??= createPublicKey({ format: 'jwk', key: jwk })
  redis ??= new Redis(process.env.BARE_REDIS_URL ?? '')
  const signed = Buffer.from(`${header}.${payload}`)
  if (!verify(null, signed, key, Buffer.from(signature, 'base64url'))) throw createError({ statusCode: 401 })
  const { jti } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { jti: string }
  if ((await redis.set(`bare:${jti}`, '1', 'EX', 60, 'NX')) !== 'OK') throw createError({ statusCode: 401 })
  return { jti }
})
