import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { signInLimits } from '#server/auth/sign-in/attempts'
import { claimSeconds } from '#server/identities/claim-tokens'
import { fingerprintOf } from '#server/identities/did'
import { describeEachDatabase } from '../harness/databases'
import { codeOf, type HttpClient } from '../harness/http'
import { claimInDatabase, TestMachine, type ProofChanges } from '../harness/machine'
import { startPortal, TestClock, type Portal } from '../harness/portal'

describeEachDatabase('a machine that registers', (given) => {
  const clock = new TestClock()
  const audience = 'http://localhost:3000'
  let portal: Portal
  let boss: HttpClient
  let count = 0
  const db = () => given.database.client

  beforeAll(async () => {
    portal = await startPortal(given.url, { clock })
    boss = await portal.operator()
    await boss.post('/api/tenants', { slug: 'acme', name: 'Acme' })
  })
  // Nobody's limit is another test's.
  beforeEach(() => clock.advance(3600))
  afterAll(() => portal.close())

  const newMachine = (handle = `machine-${(count += 1)}`) => new TestMachine(handle, audience, clock.now)
  const call = (machine: TestMachine, method: string, path: string, body?: unknown, changes?: ProofChanges) =>
    machine.call(portal.browser().url, method, path, body, changes)
  const register = (machine: TestMachine, changes: ProofChanges = {}, body: object = {}) => {
    const { handle, did } = machine
    return call(machine, 'POST', '/api/identities', { handle, did, ...body }, changes)
  }
  const poll = (machine: TestMachine, handle = machine.handle) =>
    call(machine, 'GET', `/api/identities/${handle}`)
  const tokenOf = ({ json }: { json: { claimUrl: string } }) =>
    json.claimUrl.replace(`${audience}/claims/`, '')
  const find = (token: string) => portal.container.claimTokens.find(token)
  const rows = () => Promise.all([db().identity.count(), db().identityClaim.count()])
  const setStatus = async (machine: TestMachine, status: 'rejected' | 'revoked') => {
    const { id } = await db().identity.update({ where: { handle: machine.handle }, data: { status } })
    if (status === 'rejected')
      await db().identityClaim.updateMany({ where: { identityId: id }, data: { status } })
    return id
  }

  it('is given an address to be claimed by, and found again under the same key', async () => {
    const machine = newMachine()
    const made = await register(machine)
    expect(made.status).toBe(201)
    expect(made.json).toEqual({
      handle: machine.handle,
      status: 'pending',
      claimUrl: expect.stringMatching(/^http:\/\/localhost:3000\/claims\/[\w-]{43}$/),
      claimExpiresAt: new Date(clock.now().getTime() + claimSeconds * 1000).toISOString(),
    })
    const row = await db().identity.findUniqueOrThrow({ where: { handle: machine.handle } })
    expect(row).toMatchObject({ did: machine.did, status: 'pending', address: '127.0.0.1' })
    expect(await find(tokenOf(made))).toMatchObject({ identityId: row.id })
    expect((await poll(machine)).json).toEqual({
      handle: machine.handle,
      did: machine.did,
      status: 'pending',
      rotationAsked: false,
    })

    const again = await register(machine)
    expect([again.status, again.json.status]).toEqual([200, 'pending'])
    expect(await find(tokenOf(again))).toMatchObject({ identityId: row.id })
    expect(await find(tokenOf(made))).toBeNull()
    expect(await db().identityClaim.count({ where: { identityId: row.id } })).toBe(1)
    clock.advance(claimSeconds)
    expect(await find(tokenOf(again))).toBeNull()
  })

  it('leaves the address nowhere, and a line in the audit', async () => {
    const machine = newMachine()
    const token = tokenOf(await register(machine))
    const stored = [
      await db().cacheEntry.findMany(),
      await db().auditEntry.findMany(),
      await db().identity.findMany(),
    ]
    const text = JSON.stringify(stored, (_, value) => (typeof value === 'bigint' ? `${value}` : value))
    expect(text).not.toContain(token)
    expect(text).toContain(createHash('sha256').update(token).digest('hex'))
    const { id } = await db().identity.findUniqueOrThrow({ where: { handle: machine.handle } })
    const line = await db().auditEntry.findFirstOrThrow({
      where: { action: 'identity.registered', subjectId: id },
    })
    expect(line).toMatchObject({ actorKind: 'machine', actorId: id })
    expect(line.after).toMatchObject({ handle: machine.handle, fingerprint: fingerprintOf(machine.did) })
  })

  it('is told who has its handle or its key already', async () => {
    const machine = newMachine()
    await register(machine)
    const before = await rows()
    expect(codeOf(await register(newMachine(machine.handle)))).toEqual([409, 'identity.handle_taken'])
    const handle = `machine-${(count += 1)}`
    const renamed = await register(machine, { claims: { sub: handle } }, { handle })
    expect(codeOf(renamed)).toEqual([409, 'identity.did_taken'])
    expect(await rows()).toEqual(before)
  })

  it('is one, of twenty who register the same at once', async () => {
    const machine = newMachine()
    const answers = await Promise.all(Array.from({ length: 20 }, () => register(machine)))
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array.from({ length: 19 }, () => 200),
      201,
    ])
    const alive = await Promise.all(answers.map((answer) => find(tokenOf(answer))))
    expect(alive.filter(Boolean)).toHaveLength(1)
    const handle = `machine-${(count += 1)}`
    const rivals = await Promise.all(Array.from({ length: 10 }, () => register(newMachine(handle))))
    expect(rivals.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 409)])
  })

  describe('is refused, and nothing is written,', () => {
    const refused = async (
      machine: TestMachine,
      status: number,
      code: string,
      changes?: ProofChanges,
      body?: object,
    ) => {
      const before = await rows()
      expect(codeOf(await register(machine, changes, body))).toEqual([status, code])
      expect(await rows()).toEqual(before)
    }

    it('without a proof, or with one by another key or in another name', async () => {
      const { handle, did } = newMachine()
      const plain = await portal.browser().post('/api/identities', { handle, did })
      expect(codeOf(plain)).toEqual([401, 'auth.proof_required'])
      expect(plain.headers.get('www-authenticate')).toBe('PoP')
      expect(codeOf(await boss.post('/api/identities', { handle, did }))).toEqual([
        401,
        'auth.proof_required',
      ])
      const [machine, other] = [newMachine(), newMachine()]
      await refused(machine, 401, 'pop.signature_invalid', { key: other.privateKey })
      await refused(machine, 401, 'pop.subject_wrong', {}, { did: other.did })
      await refused(machine, 401, 'pop.subject_wrong', {}, { handle: other.handle })
      await refused(machine, 401, 'pop.subject_wrong', { claims: { sub: other.handle } })
    })

    it('under a handle that is none, or with more than is asked for', async () => {
      for (const handle of ['', 'Upper', 'a_b', '-a', 'a-', 'a'.repeat(64), 'a.b', 'ü'])
        await refused(newMachine(handle || 'x'), 422, 'request.invalid', {}, { handle })
      await refused(newMachine(), 422, 'request.invalid', {}, { status: 'claimed' })
    })

    it('a second time with the same proof', async () => {
      const machine = newMachine()
      const { handle, did } = machine
      const sent = { method: 'POST', path: '/api/identities', body: JSON.stringify({ handle, did }) }
      const proof = machine.prove(sent)
      expect((await machine.send(portal.browser().url, sent, proof)).status).toBe(201)
      expect(codeOf(await machine.send(portal.browser().url, sent, proof))).toEqual([401, 'pop.replayed'])
      const asked = { method: 'GET', path: `/api/identities/${handle}` }
      const question = machine.prove(asked)
      expect((await machine.send(portal.browser().url, asked, question)).status).toBe(200)
      expect(codeOf(await machine.send(portal.browser().url, asked, question))).toEqual([401, 'pop.replayed'])
    })

    it('too often from one address, and not for ever', async () => {
      const { attempts, windowSeconds } = signInLimits.registering
      const machine = newMachine()
      for (let n = 0; n < attempts; n += 1) await register(machine)
      const limited = await register(newMachine())
      expect(codeOf(limited)).toEqual([429, 'rate.limited'])
      expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
      clock.advance(windowSeconds)
      expect((await register(newMachine())).status).toBe(201)
    })
  })

  describe('and asks what has become of it', () => {
    it('is told its tenant and vaults once it is claimed, and given no address any more', async () => {
      const machine = newMachine()
      await claimInDatabase(db(), machine, { slug: 'acme' })
      expect((await poll(machine)).json).toEqual({
        ...{ handle: machine.handle, did: machine.did, status: 'claimed', rotationAsked: false },
        tenant: 'acme',
        vaults: [{ id: expect.any(String), handle: 'default', isDefault: true }],
      })
      const again = await register(machine)
      expect([again.status, again.json]).toEqual([200, { handle: machine.handle, status: 'claimed' }])
    })

    it('is told so where it was rejected, and asks anew by registering again', async () => {
      const machine = newMachine()
      await register(machine)
      const id = await setStatus(machine, 'rejected')
      expect((await poll(machine)).json).toMatchObject({ status: 'rejected' })
      const again = await register(machine)
      expect([again.status, again.json.status]).toEqual([200, 'pending'])
      expect(await find(tokenOf(again))).toMatchObject({ identityId: id })
      const claims = await db().identityClaim.findMany({ where: { identityId: id } })
      expect(claims.map(({ status }) => status)).toEqual(['pending'])
    })

    it('is told so where it was revoked, and may do nothing else', async () => {
      const machine = newMachine()
      await register(machine)
      await setStatus(machine, 'revoked')
      expect((await poll(machine)).json).toMatchObject({ status: 'revoked' })
      expect(codeOf(await register(machine))).toEqual([401, 'identity.revoked'])
      expect(codeOf(await call(machine, 'GET', '/api/tenants/acme'))).toEqual([401, 'identity.revoked'])
      expect(codeOf(await register(newMachine(machine.handle)))).toEqual([409, 'identity.handle_taken'])
    })

    it('learns nothing of another, and strangers nothing of it', async () => {
      const [machine, other] = [newMachine(), newMachine()]
      await register(machine)
      await register(other)
      expect(codeOf(await poll(machine, other.handle))).toEqual([401, 'pop.subject_wrong'])
      expect(codeOf(await poll(machine, 'nobody-is-this'))).toEqual([401, 'pop.subject_wrong'])
      expect(codeOf(await poll(newMachine(machine.handle)))).toEqual([401, 'pop.identity_unknown'])
      const plain = await portal.browser().get(`/api/identities/${machine.handle}`)
      expect(codeOf(plain)).toEqual([401, 'auth.proof_required'])
    })

    it('is limited by its address', async () => {
      const machine = newMachine()
      await register(machine)
      for (let n = 0; n < signInLimits.polling.attempts; n += 50)
        await Promise.all(
          Array.from({ length: 50 }, () => portal.container.attempts.count('polling', '127.0.0.1')),
        )
      expect(codeOf(await poll(machine))).toEqual([429, 'rate.limited'])
    })
  })

  describe('and takes another key', () => {
    const rotate = (from: TestMachine, to: TestMachine, changes: ProofChanges = {}, body: object = {}) => {
      const path = `/api/identities/${from.handle}/rotate-key`
      const proof = to.prove({ method: 'POST', path }, changes)
      return call(from, 'POST', path, { did: to.did, proof, ...body })
    }
    const claimed = async () => {
      const machine = newMachine()
      const ids = await claimInDatabase(db(), machine, { slug: 'acme' })
      return { machine, next: newMachine(machine.handle), ...ids }
    }

    it('goes on with the new one, and the old one fails at once', async () => {
      const { machine, next, identityId: id, tenantId } = await claimed()
      await db().identity.update({ where: { id }, data: { rotationAsked: true } })
      expect((await poll(machine)).json).toMatchObject({ rotationAsked: true })
      const answer = await rotate(machine, next)
      expect(answer.status).toBe(200)
      expect(answer.json).toMatchObject({
        handle: machine.handle,
        did: next.did,
        status: 'claimed',
        rotationAsked: false,
        tenant: 'acme',
      })
      expect(codeOf(await call(machine, 'GET', '/api/tenants/acme'))).toEqual([401, 'pop.identity_unknown'])
      expect((await call(next, 'GET', '/api/tenants/acme')).status).toBe(200)
      const line = await db().auditEntry.findFirstOrThrow({
        where: { action: 'identity.key_changed', subjectId: id },
      })
      expect(line).toMatchObject({ actorKind: 'machine', actorId: id, tenantId })
      expect([line.before, line.after]).toEqual([
        { fingerprint: fingerprintOf(machine.did) },
        { fingerprint: fingerprintOf(next.did) },
      ])
    })

    it('needs a proof by the new key, of this very call', async () => {
      const { machine, next } = await claimed()
      const unproven = async (changes: ProofChanges, body: object = {}) =>
        expect(codeOf(await rotate(machine, next, changes, body))).toEqual([422, 'pop.new_key_unproven'])
      await unproven({ key: machine.privateKey })
      await unproven({ claims: { htu: `/api/identities/${machine.handle}` } })
      await unproven({ claims: { aud: 'https://elsewhere.example' } })
      await unproven({ claims: { sub: 'another' } })
      await unproven({ claims: { exp: 1 } })
      await unproven({}, { did: newMachine().did })
      await unproven({}, { proof: 'x' })
      const path = `/api/identities/${machine.handle}/rotate-key`
      const same = { did: machine.did, proof: machine.prove({ method: 'POST', path }) }
      expect(codeOf(await call(machine, 'POST', path, same))).toEqual([422, 'pop.new_key_unproven'])
      expect((await call(machine, 'GET', '/api/tenants/acme')).status).toBe(200)
    })

    it('can not take that of another, nor have its proof used twice', async () => {
      const { machine, next } = await claimed()
      const { machine: other } = await claimed()
      const path = `/api/identities/${machine.handle}/rotate-key`
      const proof = other.prove({ method: 'POST', path }, { claims: { sub: machine.handle } })
      expect(codeOf(await call(machine, 'POST', path, { did: other.did, proof }))).toEqual([
        409,
        'identity.did_taken',
      ])
      const jti = randomUUID()
      expect((await rotate(machine, next, { claims: { jti } })).status).toBe(200)
      const again = await call(next, 'GET', '/api/tenants/acme', undefined, { claims: { jti } })
      expect(codeOf(again)).toEqual([401, 'pop.replayed'])
    })

    it('is one new key, of ten that are tried at once', async () => {
      const { machine, identityId } = await claimed()
      const rivals = Array.from({ length: 10 }, () => newMachine(machine.handle))
      const answers = await Promise.all(rivals.map((rival) => rotate(machine, rival)))
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      const winner = answers.findIndex(({ status }) => status === 200)
      const { did } = await db().identity.findUniqueOrThrow({ where: { id: identityId } })
      expect(did).toBe(rivals[winner]?.did)
    })

    it('is refused in the name of another', async () => {
      const { machine, next } = await claimed()
      const { machine: other } = await claimed()
      const path = `/api/identities/${other.handle}/rotate-key`
      const body = { did: next.did, proof: next.prove({ method: 'POST', path }) }
      expect(codeOf(await call(machine, 'POST', path, body))).toEqual([401, 'pop.subject_wrong'])
    })
  })
})
