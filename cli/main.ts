#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { run } from './run'
import type { World } from './world'

/** Programs that show an address in a browser, by platform. */
const openers: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: ['open'],
  linux: ['xdg-open'],
  win32: ['cmd', '/c', 'start', ''],
}

const world: World = {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  wait: async (milliseconds) => void (await wait(milliseconds)),
  browse(address) {
    const [program, ...args] = openers[process.platform] ?? []
    // Somebody who is not there, or is on another machine, has the address on stderr.
    if (!program || !process.stderr.isTTY || process.env.SSH_CONNECTION) return
    const child = spawn(program, [...args, address], { stdio: 'ignore', detached: true })
    child.on('error', () => undefined)
    child.unref()
  },
}

// A reader that has seen enough, such as `head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
process.exitCode = await run(process.argv.slice(2), world)
