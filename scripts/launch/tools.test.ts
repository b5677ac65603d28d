import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureTools, findTool, installHint, tools } from './tools.mjs'

let bin: string

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'tenantry-tools-'))
})

afterEach(() => rmSync(bin, { recursive: true, force: true }))

function writeProgram(name: string, text = '') {
  const path = join(bin, name)
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
  return path
}

describe('findTool', () => {
  it('finds Chromium under each of its names', () => {
    expect(findTool(tools.chromium, { PATH: bin })).toBeUndefined()
    const chrome = writeProgram('google-chrome-stable')
    expect(findTool(tools.chromium, { PATH: bin })).toBe(chrome)
    const chromium = writeProgram('chromium')
    expect(findTool(tools.chromium, { PATH: bin })).toBe(chromium)
  })

  it('takes the one that is named, and no other in its place', () => {
    const own = writeProgram('my-chromium')
    writeProgram('chromium')
    expect(findTool(tools.chromium, { PATH: bin, CHROMIUM_PATH: own })).toBe(own)
    expect(() => findTool(tools.chromium, { PATH: bin, CHROMIUM_PATH: '/no/chromium' })).toThrow(
      'CHROMIUM_PATH',
    )
  })

  it('passes over what is not executable', () => {
    chmodSync(writeProgram('redis-server'), 0o644)
    expect(findTool(tools.redis, { PATH: bin })).toBeUndefined()
  })
})

describe('ensureTools', () => {
  const announce = (_what: string, work: () => Promise<void>) => work()
  const isRoot = process.getuid?.() === 0

  it('says in one sentence what to install where it can do nothing about it', async () => {
    await expect(
      ensureTools(['chromium', 'redis'], { root: bin, env: { PATH: bin } }, announce),
    ).rejects.toThrow(installHint([tools.chromium, tools.redis]))
    expect(installHint([tools.redis])).toBe(
      'The tests need redis-server, and found no redis-server on PATH: install what is missing, on Debian with ' +
        '`apt-get install redis-server`.',
    )
  })

  it.runIf(isRoot)('installs with apt-get as root, after an update, without asking', async () => {
    const log = join(bin, 'log')
    const install = `case "$*" in *install*) printf '#!/bin/sh\\n' > ${bin}/redis-server; /bin/chmod +x ${bin}/redis-server;; esac`
    writeProgram('apt-get', `echo "$DEBIAN_FRONTEND $*" >> ${log}\n${install}`)
    await ensureTools(['redis'], { root: bin, env: { PATH: bin } }, announce)
    expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual([
      'noninteractive update',
      'noninteractive install --yes --no-install-recommends redis-server',
    ])
  })
})
