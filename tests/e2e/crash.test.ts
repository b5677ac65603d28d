import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import { freePort } from '../harness/server'
import { eventually, openStage, setUp, type Stage } from './scene'

const tenants = Array.from({ length: 12 }, (_, number) => `crash-${number + 1}`)
const kills = 5

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

/** Slow, and cuts the connections of the first groups after it has made them. */
async function startUnreliableAuthentik(): Promise<AuthentikFake> {
  const authentik = await startAuthentikFake()
  authentik.faults.add({ kind: 'delay', ms: 40, times: 'always' })
  authentik.faults.add({ kind: 'drop', when: 'after', operation: 'core_groups_create', times: 4 })
  return authentik
}

describe.each(['sqlite', 'postgresql'] as const)('on %s', (provider) => {
  it(
    'provisioning survives SIGKILL at any moment, with one group for each tenant',
    { timeout: 120_000 },
    async () => {
      const authentik = await startUnreliableAuthentik()
      const server = await stage.serve(
        {
          DATABASE_URL: provider === 'postgresql' ? await stage.makeDatabase() : undefined,
          AUTHENTIK_API_URL: authentik.url,
          AUTHENTIK_API_TOKEN: authentik.token,
          // Few at a time, so that every kill meets work that had begun and leaves work that had not.
          PROVISIONING_CONCURRENCY: '1',
        },
        { port: await freePort() },
      )
      const browser = await setUp(server)
      for (const slug of tenants)
        expect((await browser.post('/api/tenants', { slug, name: slug })).status).toBe(201)

      const callsSoFar = () => Object.values(authentik.calls()).reduce((sum, calls) => sum + calls, 0)
      for (let kill = 1; kill <= kills; kill++) {
        const moment = callsSoFar() + 1 + Math.floor(Math.random() * 4)
        await eventually(() => expect(callsSoFar()).toBeGreaterThanOrEqual(moment))
        await server.kill()
        expect(await server.ended, `kill ${kill}`).toBeNull()
        await server.restart()
      }

      const statusOf = async (slug: string) =>
        (await browser.get(`/api/tenants/${slug}`)).json.status as string
      // What a killed process held is free again when its lease is over.
      for (const slug of tenants)
        await eventually(async () => expect([slug, await statusOf(slug)]).toEqual([slug, 'active']))
      for (const slug of tenants) {
        const { json } = await browser.get(`/api/tenants/${slug}/provisioning`)
        const step = json.steps.find(({ service }: { service: string }) => service === 'authentik')
        const groups = authentik.groups().filter(({ name }) => name === slug)
        expect(groups).toHaveLength(1)
        expect(step).toMatchObject({ status: 'ok', externalId: groups[0]?.pk })
        const { json: runs } = await browser.get(`/api/tenants/${slug}/runs`)
        expect(runs.items.filter(({ status }: { status: string }) => status === 'running')).toEqual([])
      }
      expect(authentik.groups()).toHaveLength(tenants.length)
      expect(authentik.violations()).toEqual([])
      expect(await server.stop()).toBe(0)
      await authentik.stop()
    },
  )
})
