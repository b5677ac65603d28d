import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { sampleOf, type Sample } from './statistics.ts'

const bundle = join(import.meta.dirname, '../.output/server/cli/tenantry.mjs')
const rounds = 15

export interface CommandLineResult {
  /** Milliseconds from spawning the process to its end. */
  readonly tenantry: Sample
  /** Node, with nothing to do. */
  readonly bare: Sample
  readonly ratio: Sample
}

/** Runs `tenantry --help` and Node alone, in turns; the files are in the system's cache after a first run. */
export async function measureCommandLine(): Promise<CommandLineResult> {
  const run = { tenantry: () => timeRun([bundle, '--help']), bare: () => timeRun(['-e', '0']) }
  await run.bare()
  await run.tenantry()
  const measured = { tenantry: [] as number[], bare: [] as number[], ratio: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    const bare = await run.bare()
    const tenantry = await run.tenantry()
    measured.bare.push(bare)
    measured.tenantry.push(tenantry)
    measured.ratio.push(tenantry / bare)
  }
  return {
    tenantry: sampleOf(measured.tenantry),
    bare: sampleOf(measured.bare),
    ratio: sampleOf(measured.ratio),
  }
}

/** Nothing of our environment but PATH reaches it. @throws Error where it fails */
async function timeRun(args: readonly string[]): Promise<number> {
  const began = performance.now()
  const child = spawn(process.execPath, args, { stdio: 'ignore', env: { PATH: process.env.PATH } })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}.`)
  return performance.now() - began
}
