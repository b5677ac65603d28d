import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tools } from '../../scripts/launch/tools.mjs'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const standIns = join(repository, 'tests/harness/stub-project')

/** How a command of the launchers ended. */
export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** A command of the launchers that runs. */
export interface Running {
  child: ChildProcess
  ended: Promise<Ended>
  /** Resolves when stdout holds the text. @throws Error where the command ends without */
  prints(text: string): Promise<void>
}

/**
 * A clone in a folder of its own, with the real launchers and stand-ins for the tools that they call: npm, nuxt,
 * vitest, and the built server. Each stand-in notes that it was called.
 */
export interface StubProject {
  path(name: string): string
  write(name: string, text: string): void
  read(name: string): string
  /** The calls so far, such as `npm ci`, `nuxt build`. */
  calls(): string[]
  /** Starts scripts/NAME. */
  run(script: string, args?: string[], env?: NodeJS.ProcessEnv): Running
  remove(): void
}

function lockFile(version: string): string {
  return JSON.stringify({
    packages: { '': {}, 'node_modules/nuxt': { version, integrity: `sha512-${version}` } },
  })
}

/** Makes a project as it lies after `git clone`. Its folder is removed by `remove`. */
export function createStubProject(): StubProject {
  const root = mkdtempSync(join(tmpdir(), 'tenantry-stub-'))
  const path = (name: string) => join(root, name)
  function write(name: string, text: string) {
    mkdirSync(dirname(path(name)), { recursive: true })
    writeFileSync(path(name), text)
  }
  for (const name of ['start.mjs', 'test.mjs', 'toolchain.mjs', 'launch'])
    cpSync(join(repository, 'scripts', name), path(`scripts/${name}`), { recursive: true })
  write('package.json', JSON.stringify({ type: 'module', scripts: {}, dependencies: { nuxt: '1.0.0' } }))
  write('package-lock.json', lockFile('1.0.0'))
  write(
    'scripts/generate.mjs',
    `import { appendFileSync } from 'node:fs'\nappendFileSync(process.env.STUB_ROOT + '/calls.log', 'generate\\n')\n`,
  )
  write('scripts/client.mjs', '')
  write('app/app.vue', '<template><p>Hello</p></template>\n')
  cpSync(join(standIns, 'server.mjs'), path('server/entry.mjs'))
  cpSync(join(standIns, 'nuxt.mjs'), path('packages/nuxt/bin/nuxt.mjs'))
  cpSync(join(standIns, 'vitest.mjs'), path('packages/vitest/vitest.mjs'))
  cpSync(join(standIns, 'npm-cli.mjs'), path('npm-cli.js'))
  for (const {
    commands: [command = ''],
  } of Object.values(tools)) {
    write(`bin/${command}`, '#!/bin/sh\n')
    chmodSync(path(`bin/${command}`), 0o755)
  }
  write('calls.log', '')

  return {
    path,
    write,
    read: (name) => readFileSync(path(name), 'utf8'),
    calls: () => readFileSync(path('calls.log'), 'utf8').split('\n').filter(Boolean),
    remove: () => rmSync(root, { recursive: true, force: true }),
    run(script, args = [], env = {}) {
      const child = spawn(process.execPath, [path(`scripts/${script}`), ...args], {
        cwd: root,
        // Nothing of this process's environment: what the launchers see is what a case says.
        env: { PATH: path('bin'), STUB_ROOT: root, npm_execpath: path('npm-cli.js'), ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      return follow(child)
    },
  }
}

function follow(child: ChildProcess): Running {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
  return {
    child,
    ended,
    prints: (text) =>
      new Promise((resolve, reject) => {
        const look = () => stdout.includes(text) && resolve()
        look()
        child.stdout?.on('data', look)
        ended.then(
          () => reject(new Error(`Ended without ${JSON.stringify(text)}:\n${stdout}\n${stderr}`)),
          reject,
        )
      }),
  }
}
