import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { TestClock } from '../../tests/harness/portal'
import { didOf, signCompact, TestMachine, type ProofChanges } from '../../tests/harness/machine'
import { createProofs, proofMaxCharacters, type ProvenRequest } from './proof'

const audience = 'https://portal.example.org'
const clock = new TestClock()
const proofs = createProofs(audience, clock)
const machine = new TestMachine('backup-1', audience, clock.now)
const sent = { method: 'PUT', path: '/api/vaults/v/secrets/smtp/pass?x=1&y=%20', body: '{"value":"ü"}' }
const now = () => Math.floor(clock.now().getTime() / 1000)

const requestOf = ({ method, path, body }: typeof sent): ProvenRequest => ({
  method,
  target: path,
  body: () => Promise.resolve(Buffer.from(body)),
})
const verify = (jws: string, received = sent) => proofs.verify(jws, requestOf(received))
const refuses = (code: string) => expect.objectContaining({ code, status: 401 })

describe('a proof', () => {
  it('holds for the request that it was made for', async () => {
    const jti = '0190A5B0-0000-7000-8000-00000000000F'
    const proof = await verify(machine.prove(sent, { claims: { jti } }))
    expect(proof).toEqual({
      did: machine.did,
      handle: 'backup-1',
      jti: jti.toLowerCase(),
      expiresAt: now() + 60,
    })
  })

  it('holds for a request without a body, by the digest of nothing', async () => {
    const bare = { method: 'GET', path: '/api/me', body: '' }
    expect(await verify(machine.prove(bare), bare)).toMatchObject({ handle: 'backup-1' })
  })

  it.each(['JWT', 'pop+jwt'])('may say that it is a %s', async (typ) => {
    expect(await verify(machine.prove(sent, { header: { typ } }))).toMatchObject({ did: machine.did })
  })

  const stranger = generateKeyPairSync('ed25519')
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = stranger.publicKey.export({ format: 'jwk' })
  it.each<[string, string, ProofChanges]>([
    ['no algorithm', 'pop.alg_refused', { header: { alg: 'none' } }],
    ['a shared secret', 'pop.alg_refused', { header: { alg: 'HS256' } }],
    ['another curve', 'pop.alg_refused', { header: { alg: 'ES256' } }],
    ['another key type', 'pop.alg_refused', { header: { alg: 'RS256' } }],
    ['another spelling of the algorithm', 'pop.alg_refused', { header: { alg: 'eddsa' } }],
    ['a list of algorithms', 'pop.alg_refused', { header: { alg: ['EdDSA'] } }],
    ['a key id', 'pop.malformed', { header: { kid: machine.did } }],
    ['a key in its header', 'pop.malformed', { header: { jwk } }],
    ['where its key is', 'pop.malformed', { header: { jku: 'https://example.org' } }],
    ['what must be understood', 'pop.malformed', { header: { crit: ['exp'] } }],
    ['an unencoded payload', 'pop.malformed', { header: { b64: false } }],
    ['another type', 'pop.malformed', { header: { typ: 'dpop+jwt' } }],
    ['no issuer', 'pop.key_invalid', { claims: { iss: undefined } }],
    ['an issuer that is no DID', 'pop.key_invalid', { claims: { iss: 'https://example.org' } }],
    ['an issuer that is no text', 'pop.key_invalid', { claims: { iss: [machine.did] } }],
    ['a point that anybody signs with', 'pop.key_invalid', { claims: { iss: didOf(Buffer.alloc(32)) } }],
    ["another's signature", 'pop.signature_invalid', { key: stranger.privateKey }],
    ['no audience', 'pop.audience_wrong', { claims: { aud: undefined } }],
    ['another audience', 'pop.audience_wrong', { claims: { aud: 'https://elsewhere.example.org' } }],
    ['another spelling of the audience', 'pop.audience_wrong', { claims: { aud: `${audience}/` } }],
    ['several audiences', 'pop.audience_wrong', { claims: { aud: [audience, 'https://elsewhere.example'] } }],
    ['no end', 'pop.claims_missing', { claims: { exp: undefined } }],
    ['an end that is no number', 'pop.claims_missing', { claims: { exp: `${now() + 60}` } }],
    ['no beginning', 'pop.claims_missing', { claims: { iat: undefined } }],
    ['an end that has come', 'pop.expired', { claims: { iat: now() - 60, exp: now() } }],
    ['a life of over 60 s', 'pop.life_too_long', { claims: { exp: now() + 61 } }],
    ['a beginning that makes its life too long', 'pop.life_too_long', { claims: { iat: now() - 1 } }],
    ['a beginning too far ahead', 'pop.not_yet_valid', { claims: { iat: now() + 32, exp: now() + 90 } }],
    ['another method', 'pop.method_wrong', { claims: { htm: 'POST' } }],
    ['a method in lower case', 'pop.method_wrong', { claims: { htm: 'put' } }],
    ['no method', 'pop.method_wrong', { claims: { htm: undefined } }],
    ['another path', 'pop.path_wrong', { claims: { htu: '/api/vaults/w/secrets/smtp/pass?x=1&y=%20' } }],
    ['no query', 'pop.path_wrong', { claims: { htu: '/api/vaults/v/secrets/smtp/pass' } }],
    ['another query', 'pop.path_wrong', { claims: { htu: `${sent.path}1` } }],
    [
      'another order of the query',
      'pop.path_wrong',
      { claims: { htu: sent.path.replace('x=1&y=%20', 'y=%20&x=1') } },
    ],
    ['a whole URL', 'pop.path_wrong', { claims: { htu: audience + sent.path } }],
    ['no path', 'pop.path_wrong', { claims: { htu: undefined } }],
    ['no digest', 'pop.body_changed', { claims: { body_sha256: undefined } }],
    [
      'the digest of nothing',
      'pop.body_changed',
      { claims: { body_sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' } },
    ],
    ['no subject', 'pop.claims_missing', { claims: { sub: undefined } }],
    ['an empty subject', 'pop.claims_missing', { claims: { sub: '' } }],
    ['no id', 'pop.claims_missing', { claims: { jti: undefined } }],
    ['an id that is no UUID', 'pop.claims_missing', { claims: { jti: 'once' } }],
  ])('with %s is %s', async (_, code, changes) => {
    await expect(verify(machine.prove(sent, changes))).rejects.toEqual(refuses(code))
  })

  it('is refused where one byte of it, or of the body, was changed', async () => {
    const [header = '', claims = '', signature = ''] = machine.prove(sent).split('.')
    const other = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(claims, 'base64url').toString()), sub: 'backup-2' }),
    ).toString('base64url')
    await expect(verify(`${header}.${other}.${signature}`)).rejects.toEqual(refuses('pop.signature_invalid'))
    const flipped = Buffer.from(signature, 'base64url')
    flipped[3] = (flipped[3] ?? 0) ^ 1
    await expect(verify(`${header}.${claims}.${flipped.toString('base64url')}`)).rejects.toEqual(
      refuses('pop.signature_invalid'),
    )
    const received = { ...sent, body: sent.body.replace('ü', 'u') }
    await expect(verify(machine.prove(sent), received)).rejects.toEqual(refuses('pop.body_changed'))
    await expect(verify(machine.prove(sent), { ...sent, method: 'DELETE' })).rejects.toEqual(
      refuses('pop.method_wrong'),
    )
  })

  it('is refused where it is no compact JWS, or has another form within', async () => {
    const good = machine.prove(sent)
    const [header = '', claims = '', signature = ''] = good.split('.')
    const text = (value: string) => Buffer.from(value).toString('base64url')
    for (const jws of [
      '',
      'x',
      `${header}.${claims}`,
      `${header}.${claims}.`,
      `${good}.${signature}`,
      `${header}.${claims}.${signature}=`,
      `${text('null')}.${claims}.${signature}`,
      `${text('[]')}.${claims}.${signature}`,
      `${text('{"alg":"EdDSA"')}.${claims}.${signature}`,
      `${header}.${text('7')}.${signature}`,
    ])
      await expect(verify(jws)).rejects.toEqual(refuses('pop.malformed'))
    const byRsa = `${good.slice(0, -10)}${rsa.publicKey.asymmetricKeyType}`
    await expect(verify(byRsa)).rejects.toEqual(refuses('pop.malformed'))
  })

  it('of 1 MB is refused before anything of it is read', async () => {
    const large = `${'A'.repeat(1_000_000)}.${'A'.repeat(100)}.${'A'.repeat(86)}`
    const begun = performance.now()
    await expect(verify(large)).rejects.toEqual(refuses('pop.malformed'))
    expect(performance.now() - begun).toBeLessThan(250)
    const long = { ...sent, path: `/api/x?${'q'.repeat(proofMaxCharacters)}` }
    await expect(verify(machine.prove(long), long)).rejects.toEqual(refuses('pop.malformed'))
  })

  it('has the body read only where all before it holds', async () => {
    const asked: string[] = []
    const body = () => (asked.push('body'), Promise.resolve(Buffer.from(sent.body)))
    const request = { method: 'PUT', target: sent.path, body }
    for (const changes of [{ key: stranger.privateKey }, { claims: { htu: '/' } }, { claims: { exp: 1 } }])
      await expect(proofs.verify(machine.prove(sent, changes), request)).rejects.toThrow()
    expect(asked).toEqual([])
    await proofs.verify(machine.prove(sent), request)
    expect(asked).toEqual(['body'])
  })

  it('is over with its last second, and may begin up to 30 s ahead', async () => {
    const ahead = signCompact(
      { alg: 'EdDSA' },
      JSON.parse(
        Buffer.from(
          machine.prove(sent, { claims: { iat: now() + 30, exp: now() + 90 } }).split('.')[1] ?? '',
          'base64url',
        ).toString(),
      ),
      machine.privateKey,
    )
    expect(await verify(ahead)).toMatchObject({ expiresAt: now() + 90 })
    const jws = machine.prove(sent)
    clock.advance(59)
    expect(await verify(jws)).toMatchObject({ handle: 'backup-1' })
    clock.advance(1)
    await expect(verify(jws)).rejects.toEqual(refuses('pop.expired'))
  })
})
