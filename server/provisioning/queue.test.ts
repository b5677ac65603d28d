import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import { openJobs, type Jobs } from '#server/storage/jobs'
import { describeEachDatabase } from '../../tests/harness/databases'
import { createService, createWorkshop, eventually, silent } from '../../tests/harness/provisioning'
import { createJobsQueue } from './queue-jobs'
import type { TenantQueue } from './queue.port'
import { createRowsQueue } from './queue.store'
import { stepsStore } from './steps.store'

const leaseMs = 9_000

describeEachDatabase('the queue of tenants', (given) => {
  const shop = createWorkshop(given)
  const opened: Jobs[] = []
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-queue-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  afterEach(async () => {
    for (const jobs of opened.splice(0)) await jobs.close()
  })

  /** As the container makes it. */
  async function openQueue(): Promise<{ queue: TenantQueue; jobs: Jobs | undefined }> {
    const rows = createRowsQueue(given.database, systemClock, leaseMs)
    const jobs = openJobs({ url: given.url, log: silent, worker: true })
    if (!jobs) return { queue: rows, jobs }
    opened.push(jobs)
    jobs.start()
    await eventually(() => expect(jobs.ready).toBe(true))
    return { queue: createJobsQueue(jobs, rows, systemClock), jobs }
  }
  const newTenant = () => shop.createTenant('Acme', systemClock)
  const ask = (queue: TenantQueue, tenantId: string) =>
    given.database.transaction((tx) =>
      stepsStore(tx, systemClock, tenantId, { actor: { kind: 'system' }, queue }).ask('requested'),
    )
  const taken = async (queue: TenantQueue) => (await queue.take(10, 10)).due.map(({ tenantId }) => tenantId)

  it('tells of a tenant once, though it was asked for twenty times at once', async () => {
    const { queue } = await openQueue()
    const { id } = await newTenant()
    await Promise.all(Array.from({ length: 20 }, () => ask(queue, id)))
    expect(await taken(queue)).toEqual([id])
  })

  it('tells nothing of what was rolled back', async () => {
    const { queue, jobs } = await openQueue()
    const { id } = await newTenant()
    const failing = given.database.transaction(async (tx) => {
      await stepsStore(tx, systemClock, id, { actor: { kind: 'system' }, queue }).ask('requested')
      throw new Error('rolled back')
    })
    await expect(failing).rejects.toThrow('rolled back')
    if (jobs) expect(await jobs.take(10)).toEqual([])
    await given.database.client.provisioningStep.updateMany({
      where: { tenantId: id },
      data: { nextAttemptAt: null },
    })
    expect(await taken(queue)).toEqual([])
  })

  it('finds what no message tells of', async () => {
    const { id } = await newTenant()
    const { queue } = await openQueue()
    expect(await taken(queue)).toEqual([id])
  })

  it('knows how much waits, and since when', async () => {
    const { queue } = await openQueue()
    expect(await queue.depth()).toEqual({ tenants: 0, oldestAt: null })
    const { id } = await newTenant()
    await newTenant()
    const depth = await queue.depth()
    expect(depth.tenants).toBe(2)
    expect(depth.oldestAt?.getTime()).toBeLessThanOrEqual(Date.now())
    await given.database.client.provisioningWork.update({
      where: { tenantId: id },
      data: { leaseUntil: new Date(Date.now() + leaseMs) },
    })
    expect((await queue.depth()).tenants).toBe(1)
  })

  it('brings tenants about, each with one call, through a worker', async () => {
    const { queue } = await openQueue()
    const authentik = createService()
    const tenants = await Promise.all(Array.from({ length: 5 }, newTenant))
    shop.start([authentik], { queue, clock: systemClock, pollMs: 50 })
    for (const { id } of tenants) await shop.reached(id, 'active')
    for (const { id } of tenants) await ask(queue, id)
    for (const { id } of tenants)
      await eventually(async () => expect((await shop.state(id)).runs.every(({ ended }) => ended)).toBe(true))
    expect(authentik.calls).toHaveLength(5)
    expect((await queue.depth()).tenants).toBe(0)
  })

  it('tells again of a tenant whose worker died with it, whoever asks', async () => {
    const { queue } = await openQueue()
    const { id } = await newTenant()
    await ask(queue, id)
    expect(await taken(queue)).toEqual([id])
    const other = await openQueue()
    await expect.poll(() => taken(other.queue), { timeout: 15_000, interval: 100 }).toContain(id)
  })

  describe('where there are jobs', () => {
    it('that of a worker which was killed is had by another in seconds', { timeout: 60_000 }, async () => {
      const { jobs } = await openQueue()
      if (!jobs) return expect(given.provider).toBe('sqlite')
      const key = newId()
      await jobs.send(key)
      const program = join(folder, 'worker.ts')
      writeFileSync(
        program,
        `import { openJobs } from '#server/storage/jobs'
        const log = { warn: console.error }
        const jobs = openJobs({ url: ${JSON.stringify(given.url)}, log, worker: true })
        jobs.start()
        while (!jobs.ready) await new Promise((resolve) => setTimeout(resolve, 10))
        for (let taken = []; taken.length === 0;) taken = await jobs.take(1)
        console.log('taken')
        setInterval(() => {}, 1_000)`,
      )
      const hooks = new URL('../../tests/harness/typescript.mjs', import.meta.url).href
      const worker = spawn(process.execPath, ['--import', hooks, program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(worker.stdout, 'data')
      expect(await jobs.take(1)).toEqual([])
      worker.kill('SIGKILL')
      await once(worker, 'exit')
      const killedAt = performance.now()
      const keys = async () => (await jobs.take(1)).map((job) => job.key)
      await expect.poll(keys, { timeout: 30_000, interval: 200 }).toEqual([key])
      expect(performance.now() - killedAt).toBeLessThan(15_000)
    })

    it('a job is had by one, and what is asked for meanwhile comes after it', async () => {
      const { jobs } = await openQueue()
      if (!jobs) return expect(given.provider).toBe('sqlite')
      const key = newId()
      await jobs.send(key)
      await jobs.send(key)
      const [job, ...others] = await jobs.take(10)
      expect([job?.key, others]).toEqual([key, []])
      await jobs.send(key)
      expect(await jobs.take(10)).toEqual([])
      if (job) await jobs.finish(job)
      expect((await jobs.take(10)).map((next) => next.key)).toEqual([key])
    })

    it('what is to come later neither comes sooner nor stands in the way', async () => {
      const { jobs } = await openQueue()
      if (!jobs) return expect(given.provider).toBe('sqlite')
      const key = newId()
      await jobs.send(key, { at: new Date(Date.now() + 3_600_000) })
      expect(await jobs.take(10)).toEqual([])
      await jobs.send(key)
      expect((await jobs.take(10)).map((job) => job.key)).toEqual([key])
    })
  })
})
