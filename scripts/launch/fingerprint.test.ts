import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { installFingerprint, sourceFingerprint } from './fingerprint.mjs'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tenantry-fingerprint-'))
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(name: string, text: string) {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  writeFileSync(join(root, name), text)
}

describe('sourceFingerprint', () => {
  const paths = ['app', 'server', 'nuxt.config.ts', 'absent']
  const fingerprint = () => sourceFingerprint(root, paths)

  beforeEach(() => {
    write('app/app.vue', 'one')
    write('server/lib/ids.ts', 'one')
    write('nuxt.config.ts', 'one')
  })

  it('stays while nothing changes', () => {
    expect(fingerprint()).toBe(fingerprint())
  })

  it.each([
    ['a changed file', () => write('server/lib/ids.ts', 'two')],
    ['a new file', () => write('server/lib/more.ts', '')],
    ['a removed file', () => rmSync(join(root, 'app/app.vue'))],
    ['a moved border between files', () => (write('app/app.vue', 'on'), write('app/b.vue', 'e'))],
    ['a path that comes to exist', () => write('absent', 'now')],
  ])('changes with %s', (_what, change) => {
    const before = fingerprint()
    change()
    expect(fingerprint()).not.toBe(before)
  })

  it.each([
    'server/lib/ids.test.ts',
    'server/storage/generated/client.ts',
    'app/.DS_Store',
    'docs/readme.md',
  ])('does not count %s', (name) => {
    const before = fingerprint()
    write(name, 'new')
    expect(fingerprint()).toBe(before)
  })
})

describe('installFingerprint', () => {
  const manifest = { name: 'x', scripts: { a: 'b' }, dependencies: { vue: '3' } }

  beforeEach(() => {
    write('package.json', JSON.stringify(manifest))
    write('package-lock.json', '{}')
    write('.npmrc', '')
  })

  it.each([
    ['the lock file', 'package-lock.json', '{"a":1}'],
    ["npm's settings", '.npmrc', 'strict-allow-scripts=true'],
    ['a dependency', 'package.json', JSON.stringify({ ...manifest, dependencies: { vue: '4' } })],
    ['what may run scripts', 'package.json', JSON.stringify({ ...manifest, allowScripts: { vue: true } })],
  ])('changes with %s', (_what, name, text) => {
    const before = installFingerprint(root)
    write(name, text)
    expect(installFingerprint(root)).not.toBe(before)
  })

  it('does not count the wording of scripts', () => {
    const before = installFingerprint(root)
    write('package.json', JSON.stringify({ ...manifest, scripts: { a: 'c' } }))
    expect(installFingerprint(root)).toBe(before)
  })
})
