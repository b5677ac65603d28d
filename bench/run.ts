import { parseArgs } from 'node:util'
import { measureBearer } from './bearer.ts'
import { measureColdStart } from './cold-start.ts'
import { measureCommandLine } from './command-line.ts'
import { measureConvergence } from './converge.ts'
import { startEngines, type Engine, type Engines } from './databases.ts'
import { measureFlatness } from './flat.ts'
import { measureFleet } from './fleet.ts'
import { measureKilledWorker } from './killed.ts'
import { measureList } from './list.ts'
import { measureLogins } from './login.ts'
import { describeMachine } from './machine.ts'
import { measureMemory } from './memory.ts'
import { measureProof } from './proof.ts'
import { measureQueue } from './queue.ts'
import { writeReport } from './report.ts'
import { seedDatabase } from './seed.ts'
import { measureSweeps } from './sweep.ts'
import { measureVault } from './vault.ts'
import {
  bearerLine,
  coldStartLine,
  commandLineLine,
  convergeLine,
  flatLines,
  fleetLine,
  killedLine,
  listLine,
  loginLines,
  memoryLines,
  proofLine,
  queueLines,
  sweepLines,
  tableOf,
  vaultLines,
  type Row,
} from './table.ts'

const parts = [
  ...(['command-line', 'list', 'bearer', 'proof', 'vault', 'flat', 'login', 'cold-start', 'memory'] as const),
  ...(['converge', 'fleet', 'killed', 'queue', 'sweep'] as const),
] as const
type Part = (typeof parts)[number]
/** What no database has to do with. */
const alone: ReadonlySet<Part> = new Set<Part>(['command-line'])

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { date: { type: 'string', default: new Date().toISOString().slice(0, 10) } },
  })
  const isPart = (word: string): word is Part => parts.some((part) => part === word)
  const unknown = positionals.find((word) => !isPart(word))
  if (unknown) throw new Error(`${unknown} is no part: ${parts.join(', ')}.`)
  const asked = positionals.filter(isPart)
  return { date: values.date, parts: new Set(asked.length > 0 ? asked : parts) }
}

/** Rows of one database, told of as they come. */
function notedFor(database: string) {
  const rows: Row[] = []
  const note = (...lines: Omit<Row, 'database'>[]) => {
    for (const line of lines) {
      rows.push({ ...line, database })
      const { what, tenantry, yardstick, ratio } = line
      console.log(`  ${database}: ${[what, tenantry, yardstick, ratio].filter(Boolean).join(' · ')}`)
    }
  }
  return { rows, note }
}

async function measureAlone(asked: ReadonlySet<Part>): Promise<Row[]> {
  const { rows, note } = notedFor('none')
  if (asked.has('command-line')) note(commandLineLine(await measureCommandLine()))
  return rows
}

async function measureOn(engine: Engine, engines: Engines, asked: ReadonlySet<Part>): Promise<Row[]> {
  const { rows, note } = notedFor(engine.name)
  const seeded = await seedDatabase(engine, engines)
  if (asked.has('list')) note(listLine(await measureList(seeded, engines)))
  if (asked.has('bearer')) note(bearerLine(await measureBearer(seeded, engines)))
  if (asked.has('proof')) note(proofLine(await measureProof(engine, engines)))
  if (asked.has('vault')) note(...vaultLines(await measureVault(engine, engines)))
  if (asked.has('flat')) note(...(await measureFlatness(engine, engines)).flatMap(flatLines))
  if (asked.has('login')) note(...loginLines(await measureLogins(engine, engines)))
  if (asked.has('cold-start')) note(coldStartLine(await measureColdStart(seeded, engines)))
  if (asked.has('memory')) note(...memoryLines(await measureMemory(seeded, engines)))
  if (asked.has('converge')) note(convergeLine(await measureConvergence(engine, engines)))
  if (asked.has('fleet')) note(fleetLine(await measureFleet(engine, engines)))
  // On SQLite there is one process alone.
  if (asked.has('killed') && engine.name === 'PostgreSQL')
    note(killedLine(await measureKilledWorker(engine, engines)))
  if (asked.has('queue')) note(...queueLines(await measureQueue(engine, engines)))
  if (asked.has('sweep')) note(...sweepLines(await measureSweeps(engine, engines)))
  return rows
}

async function measureOnEach(asked: ReadonlySet<Part>): Promise<Row[]> {
  if ([...asked].every((part) => alone.has(part))) return []
  const engines = await startEngines()
  try {
    const rows: Row[] = []
    for (const engine of engines.list) rows.push(...(await measureOn(engine, engines, asked)))
    return rows
  } finally {
    await engines.close()
  }
}

async function main(): Promise<void> {
  const { date, parts: asked } = readOptions()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const rows = [...(await measureAlone(asked)), ...(await measureOnEach(asked))]
  const byWhat = [...new Set(rows.map(({ what }) => what))].flatMap((what) =>
    rows.filter((row) => row.what === what),
  )
  const table = tableOf(byWhat)
  console.log(`\n${table}\n`)
  if (asked.size === parts.length) writeReport(`${date}, ${describeMachine()}.\n\n${table}`)
}

await main()
