#!/usr/bin/env node
// @ts-check
// `npx tenantry` in a checkout: runs the command line from its sources, with the project's own Node. Elsewhere, as in the
// image, it is a bundle: .output/server/cli/tenantry.mjs.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { findNode, suits } from '../scripts/launch/node.mjs'
import { Problem } from '../scripts/launch/problem.mjs'

if (suits(process.version)) {
  await import('../scripts/typescript.mjs')
  await import('./main.ts')
} else {
  try {
    const node = findNode(fileURLToPath(new URL('..', import.meta.url)), process.env)
    const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
      stdio: 'inherit',
    })
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
      process.on(signal, () => child.kill(signal))
    child.on('exit', (code, signal) => {
      // What a signal ended has no code: a shell says 128 and its number.
      process.exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0)
    })
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}
