import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { npmCommand } from '../../scripts/launch/packages.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A machine that has Node and npm, and nothing of ours but the one file; without a network. */
let machine: string
let tarball: string

function npm(args: string[], cwd = machine) {
  const { file, args: before } = npmCommand(root, process.env)
  const env = {
    ...{ PATH: process.env.PATH, HOME: machine, XDG_CONFIG_HOME: machine },
    ...{ npm_config_cache: join(machine, 'cache'), npm_config_update_notifier: 'false' },
  }
  const { status, stdout, stderr } = spawnSync(file, [...before, ...args], { cwd, env, encoding: 'utf8' })
  return { status, stdout, stderr }
}
const tenantry = (...args: string[]) => npm(['exec', '--offline', '--yes', '--', `./${tarball}`, ...args])

beforeAll(() => {
  machine = mkdtempSync(join(tmpdir(), 'tenantry-npx-'))
  const packed = npm(['pack', '--silent', join(root, '.output/npm')])
  expect(packed).toMatchObject({ status: 0 })
  tarball = packed.stdout.trim()
})
afterAll(() => rmSync(machine, { recursive: true, force: true }))

it('is run by npx from one file, with the commands of machines alone', () => {
  const help = tenantry('--help')
  expect([help.status, help.stdout]).toEqual([0, expect.stringContaining('EXIT CODES')])
  expect(tenantry('vault', 'put', '--help').stdout).toContain('tenantry vault put smtp/password')
  expect(tenantry('whoami', '--json')).toMatchObject({
    status: 3,
    stderr: expect.stringContaining('"cli.signed_out"'),
  })
  for (const words of [['migrate'], ['user', 'create'], ['vault', 'check']])
    expect([words, tenantry(...words).status]).toEqual([words, 2])
})

it('makes a key, and begins to register it', () => {
  const init = ['identity', 'init', '--handle', 'packed', '--server', 'http://127.0.0.1:1', '--json']
  expect(tenantry(...init)).toMatchObject({ status: 5, stderr: expect.stringContaining('"cli.unreachable"') })
})

it('is a client for programs too', () => {
  const folder = join(machine, 'program')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  expect(npm(['install', '--offline', '--no-audit', join(machine, tarball)], folder)).toMatchObject({
    status: 0,
  })
  const program = `
    import { createMachineKey, createTenantry } from 'tenantry/client'
    const credential = { handle: 'packed', key: await createMachineKey() }
    const { GET } = createTenantry({ server: 'http://localhost:1', credential })
    console.log(typeof GET)`
  const args = ['--input-type=module', '--eval', program]
  expect(execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })).toBe('function\n')
})
