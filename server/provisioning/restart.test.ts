import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '#server/lib/clock'
import { openDatabase, type Database } from '#server/storage/database'
import { openJobs, type Jobs } from '#server/storage/jobs'
import { migrate } from '#server/storage/migrate'
import { loadMigrations } from '#server/storage/migrations'
import { createLocalSignals } from '#server/storage/signals-local'
import type { DatabaseUnderTest } from '../../tests/harness/databases'
import { startPostgresql, type PostgresqlServer } from '../../tests/harness/postgresql'
import { createWorkshop, silent } from '../../tests/harness/provisioning'
import { startServices, type Services } from '../../tests/harness/all-services'
import { createJobsQueue } from './queue-jobs'
import { createRowsQueue } from './queue.store'
import { defaultLeaseMs } from './reconciler'

const tenantCount = 24
const patiently = { timeout: 60_000, interval: 50 }

describe('PostgreSQL is restarted under load', () => {
  let server: PostgresqlServer
  let services: Services
  const opened: { close(): Promise<void> }[] = []
  const open = async (): Promise<Database> => {
    const database = await openDatabase({ url: server.url, poolMax: 5, log: silent })
    opened.push(database)
    return database
  }
  let main: Database
  const given: DatabaseUnderTest = {
    provider: 'postgresql',
    get url() {
      return server.url
    },
    get database() {
      return main
    },
    openAnother: open,
  }
  beforeAll(async () => {
    server = await startPostgresql()
    services = await startServices()
    main = await open()
    await migrate(main, { url: server.url, log: silent, migrations: await loadMigrations('postgresql') })
  })
  afterAll(async () => {
    for (const part of opened.splice(0).reverse()) await part.close()
    await services.stop()
    await server.stop()
  })
  const shop = createWorkshop(given)

  /** A replica as the container makes it. */
  async function startReplica() {
    const database = await open()
    const jobs = openJobs({ url: server.url, log: silent, worker: true }) as Jobs
    opened.push(jobs)
    jobs.start()
    const rows = createRowsQueue(database, systemClock, defaultLeaseMs)
    const queue = createJobsQueue(jobs, rows, systemClock)
    const signals = createLocalSignals(silent)
    const workers = services.planners().map((planner) => ({ planner }))
    return shop.start(workers, { database, queue, signals, clock: systemClock, pollMs: 1_000 })
  }
  const activeCount = () => main.client.tenant.count({ where: { status: 'active' } })

  it(
    'and its workers go on by themselves, until everything is there once',
    { timeout: 120_000 },
    async () => {
      const ids: string[] = []
      for (let count = 0; count < tenantCount; count++) {
        const { id } = await shop.createTenant('Acme', systemClock)
        await shop.addPeople(id, [`person-${count}`])
        await shop.addDomains(id, [`tenant-${count}.example`])
        ids.push(id)
      }
      for (const fake of [services.authentik, services.stalwart, services.ocis])
        fake.faults.add({ kind: 'delay', ms: 20, times: 'always' })
      await startReplica()
      await startReplica()
      await vi.waitFor(async () => expect(await activeCount()).toBeGreaterThan(3), patiently)
      expect(await activeCount()).toBeLessThan(tenantCount)
      await server.interrupt()
      await server.resume()
      await vi.waitFor(async () => expect(await activeCount()).toBe(tenantCount), patiently)

      for (const id of ids) {
        await vi.waitFor(async () => expect((await shop.state(id)).leaseUntil).toBeNull(), patiently)
        const { activations, runs, steps } = await shop.state(id)
        expect([activations, runs.every(({ ended }) => ended)]).toEqual([1, true])
        expect(steps.filter(({ status }) => !['ok', 'skipped'].includes(status))).toEqual([])
      }
      const { authentik, stalwart, ocis } = services
      for (const things of [authentik.groups(), authentik.users(), ocis.drives(), ocis.users()])
        expect(things).toHaveLength(tenantCount)
      for (const things of [stalwart.domains(), stalwart.accounts()]) expect(things).toHaveLength(tenantCount)
    },
  )
})
