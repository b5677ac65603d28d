import { setTimeout as wait } from 'node:timers/promises'
import { browse } from './browser'
import type { Commands } from './command'
import { run } from './run'
import type { World } from './world'

const world: World = {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  wait: async (milliseconds) => void (await wait(milliseconds)),
  browse(address) {
    const { env, platform, stderr } = process
    browse(address, { platform, env, isTerminal: stderr.isTTY })
  },
}

/** Runs the command line of this process, and sets what it ends with. */
export async function runHere(commands: Commands): Promise<void> {
  // A reader that has seen enough, such as `head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  process.exitCode = await run(process.argv.slice(2), world, commands)
}
