import type { Log } from '#server/lib/log'
import { providerOf } from './database-url'
import type { Jobs } from './jobs.port'
import { createPostgresqlJobs } from './postgresql/jobs'

export type { Jobs, TakenJob } from './jobs.port'

/**
 * The jobs that go with a database; nothing is connected to before `start`.
 *
 * @param options.worker whether this process takes jobs, and looks after those of others that died
 * @returns undefined on SQLite, which has one process alone
 */
export function openJobs(options: { url: string; log: Log; worker: boolean }): Jobs | undefined {
  return providerOf(options.url) === 'sqlite' ? undefined : createPostgresqlJobs(options)
}
