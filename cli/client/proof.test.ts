import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fingerprintOf as fingerprintAtServer } from '#server/identities/did'
import { createProofs } from '#server/identities/proof'
import { didOf } from '~~/tests/harness/machine'
import { createMachineKey, createTenantry, fingerprintOfDid, readMachineKey, writeMachineKey } from './client'

const server = 'https://portal.example.org'
const proofs = createProofs(server, { now: () => new Date() })

/** What a client sends, as the server sees it. */
async function sent(call: (client: ReturnType<typeof createTenantry>) => Promise<unknown>) {
  const key = await createMachineKey()
  const requests: Request[] = []
  const client = createTenantry({
    server,
    credential: { handle: 'backup-1', key },
    fetch: (request) => {
      requests.push(request)
      return Promise.resolve(Response.json({}))
    },
  })
  await call(client)
  const [request] = requests
  if (!request) throw new Error('nothing was sent')
  const { pathname, search } = new URL(request.url)
  const jws = request.headers.get('authorization')?.replace('PoP ', '') ?? ''
  const body = new Uint8Array(await request.arrayBuffer())
  const received = { method: request.method, target: pathname + search, body: () => Promise.resolve(body) }
  return { key, request, received, jws }
}

describe('a signed request', () => {
  it('holds at the server: path, query, and every byte of the body', async () => {
    const { key, jws, received } = await sent((client) =>
      client.PUT('/api/vaults/{id}/entries/{service}/{name}', {
        params: { path: { id: '1', service: 'smtp', name: 'pass word/ü' } },
        body: { value: 'geheim: ü\u0000\n🗝' },
      }),
    )
    expect(await proofs.verify(jws, received)).toMatchObject({ did: key.did, handle: 'backup-1' })
    const others = { ...received, body: () => Promise.resolve(new Uint8Array()) }
    await expect(proofs.verify(jws, others)).rejects.toMatchObject({ code: 'pop.body_changed' })
  })

  it('holds with a query and without a body', async () => {
    const { jws, received } = await sent((client) =>
      client.GET('/api/vaults/{id}/entries', {
        params: { path: { id: '1' }, query: { limit: 5, prefix: 'smtp/a b&c' } },
      }),
    )
    expect(received.target).toContain('?')
    expect(await proofs.verify(jws, received)).toMatchObject({ handle: 'backup-1' })
  })

  it('is signed anew each time', async () => {
    const { jws } = await sent((client) => client.GET('/api/me'))
    const { jws: other } = await sent((client) => client.GET('/api/me'))
    expect(other).not.toBe(jws)
  })

  it('goes to nobody that the portal sends it on to', async () => {
    const { request } = await sent((client) => client.GET('/api/me'))
    expect(request.redirect).toBe('error')
  })
})

describe("a machine's key", () => {
  it('has the DID and the fingerprint that the server knows it by', async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
    const key = await readMachineKey(String(privateKey.export({ format: 'pem', type: 'pkcs8' })))
    expect(key.did).toBe(didOf(Buffer.from(x, 'base64url')))
    expect(await fingerprintOfDid(key.did)).toBe(fingerprintAtServer(key.did))
  })

  it('is the same after it was written and read', async () => {
    const key = await createMachineKey()
    expect((await readMachineKey(await writeMachineKey(key))).did).toBe(key.did)
  })

  it.each([
    ['nothing', ''],
    [
      'another kind of key',
      generateKeyPairSync('x25519').privateKey.export({ format: 'pem', type: 'pkcs8' }),
    ],
    ['a public key', generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' })],
  ])('is not read from %s', async (_, pem) => {
    await expect(readMachineKey(String(pem))).rejects.toThrow('This is no Ed25519 private key')
  })
})
