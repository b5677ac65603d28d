import { test, expect } from 'vitest'
import { openDatabase } from './database'
import { createLog } from '#server/lib/log'
import { startPostgresql } from '../../tests/harness/postgresql'

function show(label: string, e: any) {
  console.log(label, '=>', JSON.stringify({ name: e?.name, code: e?.code, msg: String(e?.message).replace(/\s+/g, ' ').slice(0, 200), meta: e?.meta, kind: e?.meta?.driverAdapterError?.cause, causeName: e?.cause?.name, cause: e?.cause?.message ?? e?.cause, errs: e?.errors?.map((x: any) => x.code) }))
}
const attempt = async (label: string, f: () => Promise<any>) => { const t = performance.now(); try { const r = await f(); console.log(label, 'ok', r, Math.round(performance.now()-t)) } catch (e) { show(label + ' ' + Math.round(performance.now()-t)+'ms', e) } }
test('x', async () => {
  const log = createLog('info')
  const server = await startPostgresql()
  const db = await openDatabase({ url: server.url, poolMax: 2, log })
  const p = db.client
  await attempt('notable', () => p.user.findMany())
  await p.$executeRawUnsafe('create table "User"(id text primary key)')
  await attempt('nocol', () => p.user.findMany())
  await attempt('raw uniq', async () => { await p.$executeRaw`insert into "User" values ('a')`; await p.$executeRaw`insert into "User" values ('a')` })
  const sleeping = attempt('killed while sleeping', () => p.$queryRaw`select pg_sleep(5)::text`)
  const sleepingTx = attempt('killed in tx', () => db.transaction(async (tx) => { await tx.$queryRaw`select 1`; await new Promise((r) => setTimeout(r, 600)); await tx.$queryRaw`select 1` }))
  await new Promise((r) => setTimeout(r, 200))
  await attempt('pool full', () => db.ping())
  await server.interrupt()
  await sleeping; await sleepingTx
  await attempt('down query', () => p.$queryRaw`select 1`)
  await attempt('down model', () => p.user.findMany())
  await attempt('down tx', () => db.transaction(async (tx) => { await tx.$queryRaw`select 1` }))
  await server.resume()
  await attempt('up query', () => p.$queryRaw`select 1 as x`)
  await attempt('up tx', () => db.transaction(async (tx) => tx.$queryRaw`select 1 as x`))
  // idle connections cut
  await server.interrupt(); await server.resume()
  await attempt('after restart', () => p.$queryRaw`select 1 as x`)
  await attempt('timeout', () => p.$queryRaw`select set_config('statement_timeout','100',false), pg_sleep(0)::text`)
  await attempt('timeout', () => p.$queryRaw`select pg_sleep(1)::text`)
  await attempt('terminated', () => p.$queryRaw`select pg_terminate_backend(pg_backend_pid())::text`)
  await attempt('swallow', () => db.transaction(async (tx) => { await tx.$executeRaw`insert into "User" values ('b')`;  await tx.$executeRaw`insert into "User" values ('a')`.catch(() => {}) }))
  await attempt('swallow2', () => db.transaction(async (tx) => { await tx.$executeRaw`insert into "User" values ('b')`;  await tx.$executeRaw`insert into "User" values ('a')`.catch(() => {}); await tx.$queryRaw`select 1` }))
  await attempt('rows', () => p.$queryRaw`select id from "User"`)
  await db.close()
  await attempt('closed', () => p.$queryRaw`select 1 as x`)
  await server.stop()
  for (const [l, url] of [['refused', 'postgresql://u:p@127.0.0.1:1/x'], ['dns', 'postgresql://u:p@nohost.invalid/x'], ['blackhole','postgresql://u:p@192.0.2.1/x']] as const) {
    const d = await openDatabase({ url, poolMax: 2, log })
    await attempt(l, () => d.ping()); await attempt(l+' tx', () => d.transaction(async (tx) => tx.$queryRaw`select 1`))
    await d.close()
  }
  const s2 = await startPostgresql()
  const d2 = await openDatabase({ url: s2.url.replace(/:[^:@]*@/, ':bad@'), poolMax: 1, log }); await attempt('badpw', () => d2.ping()); await attempt('badpw tx', () => d2.transaction(async (tx) => tx.$queryRaw`select 1`)); await d2.close()
  const d3 = await openDatabase({ url: s2.url.replace(/postgres$/, 'nodb'), poolMax: 1, log }); await attempt('nodb', () => d3.ping()); await d3.close()
  const d4 = await openDatabase({ url: s2.url, poolMax: 1, log });
  const busy = d4.client.$queryRaw`select pg_sleep(7)::text`.then(() => 1)
  await new Promise((r) => setTimeout(r, 200))
  await Promise.all([attempt('pool wait', () => d4.ping()), attempt('pool wait tx', () => d4.transaction(async (tx) => tx.$queryRaw`select 1`))])
  await busy
  await d4.close()
  await s2.stop()
}, 60000)
