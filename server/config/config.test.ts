import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, loadConfig } from './config'
import { configurationReference } from './reference'

const key = Buffer.alloc(32, 7).toString('base64')

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

describe('loadConfig', () => {
  it('serves standalone on SQLite from an empty environment', () => {
    const config = loadConfig({})
    expect(config.authMode).toBe('standalone')
    expect(config.publicUrl).toBe('http://localhost:3000')
    expect(config.database.url).toMatch(/^file:.*\/data\/tenantry\.db$/)
  })

  it('keeps the database inside DATA_DIR unless it is told otherwise', () => {
    expect(loadConfig({ DATA_DIR: '/srv/tenantry' }).database.url).toBe('file:/srv/tenantry/tenantry.db')
  })

  it('is frozen through and through', () => {
    const config = loadConfig({})
    expect(() => Object.assign(config, { authMode: 'oidc-only' })).toThrow(TypeError)
    expect(() => Object.assign(config.session, { ttlSeconds: 1 })).toThrow(TypeError)
  })

  it('reports all faults at once, each with its variable', () => {
    const faults = faultsOf({
      AUTH_MODE: 'both',
      PORT: 'http',
      DATABASE_URL: 'mysql://x/y',
      MASTER_KEY: 'short',
    })
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      'AUTH_MODE',
      'PORT',
      'DATABASE_URL',
      'MASTER_KEY',
    ])
    expect(faults[0]).toContain('standalone or oidc-only')
  })

  it('never repeats a secret', () => {
    const faults = faultsOf({ DATABASE_URL: 'mysql://root:hunter2@db/x', MASTER_KEY: 'hunter2' })
    expect(faults).toHaveLength(2)
    expect(faults.join()).not.toContain('hunter2')
  })

  it('counts an empty variable as not set', () => {
    expect(loadConfig({ AUTH_MODE: '', SEED_TENANT: ' ' }).seedTenant).toBeUndefined()
  })

  it('wants a master key wherever the next replica would not have a generated one', () => {
    expect(faultsOf({ DATABASE_URL: 'postgresql://u:p@db/t' })[0]).toMatch(/^MASTER_KEY: .*openssl rand/)
    expect(faultsOf({ REDIS_URL: 'redis://cache' })[0]).toMatch(/^MASTER_KEY: /)
    expect(faultsOf({ DATABASE_URL: 'postgresql://u:p@db/t', MASTER_KEY: key })).toEqual([])
  })

  it('takes a passphrase in place of a master key, from a file too, and not both', () => {
    const words = 'five words chosen by dice'
    const file = join(mkdtempSync(join(tmpdir(), 'tenantry-')), 'words')
    writeFileSync(file, `${words}\n`)
    const secret = { kind: 'passphrase', text: words }
    expect(loadConfig({ MASTER_PASSPHRASE: words }).masterSecret).toEqual(secret)
    expect(loadConfig({ MASTER_PASSPHRASE_FILE: file, REDIS_URL: 'redis://cache' }).masterSecret).toEqual(
      secret,
    )
    expect(faultsOf({ MASTER_PASSPHRASE: words, MASTER_KEY: key })[0]).toContain('both set')
    const [fault] = faultsOf({ MASTER_PASSPHRASE: 'too short' })
    expect(fault).toMatch(/^MASTER_PASSPHRASE: .*16 characters/)
    expect(fault).not.toContain('too short')
  })

  it('counts no entry of a keyring where the next replica would not have it', () => {
    const entry = { MASTER_KEYRING_ENTRY: 'portal' }
    const shared: Record<string, string>[] = [
      { DATABASE_URL: 'postgresql://u:p@db/t' },
      { REDIS_URL: 'redis://cache' },
      { AUTH_MODE: 'oidc-only' },
    ]
    for (const env of shared) expect(faultsOf({ ...env, ...entry })[0]).toMatch(/^MASTER_KEY: .*keyring/)
    expect(loadConfig(entry).keyring).toMatchObject({ entry: 'portal', isRequired: true })
    expect(faultsOf({ ...entry, MASTER_KEY: key })[0]).toMatch(/MASTER_KEYRING_ENTRY are both set/)
    expect(faultsOf({ MASTER_KEYRING_ENTRY: 'two\nlines' })[0]).toMatch(
      /^MASTER_KEYRING_ENTRY: must be one line/,
    )
  })

  it("names the keyring's entry by the data folder, so that each installation has its own", () => {
    expect(loadConfig({ DATA_DIR: '/srv/one' }).keyring).toMatchObject({
      entry: '/srv/one',
      isRequired: false,
    })
  })

  it('finds the session bus where one is there to be asked', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tenantry-'))
    const busOf = (env: Record<string, string>) => loadConfig(env).keyring.sessionBus
    expect(busOf({})).toBeUndefined()
    expect(busOf({ XDG_RUNTIME_DIR: folder })).toBeUndefined()
    const address = `unix:path=${join(folder, 'bus')}`
    expect(busOf({ DBUS_SESSION_BUS_ADDRESS: address })).toBeUndefined()
    writeFileSync(join(folder, 'bus'), '')
    expect(busOf({ XDG_RUNTIME_DIR: folder })).toBe(address)
    const known = `${address},guid=5d5d`
    expect(busOf({ DBUS_SESSION_BUS_ADDRESS: known, XDG_RUNTIME_DIR: '/other' })).toBe(known)
    expect(busOf({ DBUS_SESSION_BUS_ADDRESS: 'unix:abstract=/tmp/x' })).toBe('unix:abstract=/tmp/x')
    for (const off of ['/dev/null', 'disabled:'])
      expect(busOf({ DBUS_SESSION_BUS_ADDRESS: off, XDG_RUNTIME_DIR: folder })).toBeUndefined()
  })

  it('keeps secrets on disk in a single container, and where every replica finds them otherwise', () => {
    const backendOf = (env: Record<string, string>) => loadConfig({ MASTER_KEY: key, ...env }).vaultBackend
    expect(backendOf({})).toBe('disk')
    expect(backendOf({ DATABASE_URL: 'postgresql://u:p@db/t' })).toBe('database')
    expect(backendOf({ REDIS_URL: 'redis://cache' })).toBe('database')
    expect(backendOf({ REDIS_URL: 'redis://cache', VAULT_BACKEND: 'redis' })).toBe('redis')
    expect(backendOf({ DATABASE_URL: 'postgresql://u:p@db/t', VAULT_BACKEND: 'disk' })).toBe('disk')
    expect(faultsOf({ VAULT_BACKEND: 'redis' })[0]).toMatch(/^VAULT_BACKEND: redis needs REDIS_URL/)
    expect(faultsOf({ VAULT_BACKEND: 'floppy' })[0]).toMatch(
      /^VAULT_BACKEND: must be disk or redis or database/,
    )
  })

  it('wants the provider in oidc-only mode', () => {
    expect(faultsOf({ AUTH_MODE: 'oidc-only', MASTER_KEY: key, OIDC_CLIENT_ID: 'x' })).toEqual([
      'OIDC_ISSUER, OIDC_CLIENT_SECRET: must be set where AUTH_MODE is oidc-only.',
    ])
  })

  it('reads a secret from its file, and refuses two sources', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'tenantry-')), 'key')
    writeFileSync(file, `${key}\n`)
    expect(loadConfig({ MASTER_KEY_FILE: file }).masterSecret).toMatchObject({ kind: 'random' })
    expect(faultsOf({ MASTER_KEY_FILE: file, MASTER_KEY: key })[0]).toContain('both set')
    expect(faultsOf({ MASTER_KEY_FILE: `${file}.absent` })[0]).toBe(
      "MASTER_KEY_FILE: the file can't be read (ENOENT).",
    )
  })

  it('refuses a reserved word as the seed tenant', () => {
    expect(faultsOf({ SEED_TENANT: 'admin' })[0]).toContain('reserved')
  })

  it('takes addresses and ranges as trusted proxies', () => {
    const { trustedProxies } = loadConfig({ TRUSTED_PROXIES: '10.0.0.0/8, ::1' })
    expect(trustedProxies.check('10.3.2.1')).toBe(true)
    expect(trustedProxies.check('::1', 'ipv6')).toBe(true)
    expect(trustedProxies.check('11.0.0.1')).toBe(false)
    expect(faultsOf({ TRUSTED_PROXIES: 'proxy.internal' })[0]).toContain('TRUSTED_PROXIES')
  })
})

describe('the exports of the audit', () => {
  it('go to a folder or to an https address, and nowhere else', () => {
    expect(loadConfig({}).auditExport).toBeUndefined()
    expect(loadConfig({ AUDIT_EXPORT: 'file:/srv/audit' }).auditExport).toEqual({
      ...{ kind: 'folder', folder: '/srv/audit', everySeconds: 3600 },
    })
    const webhook = { AUDIT_EXPORT: 'https://log.example/in', AUDIT_EXPORT_TOKEN: 'secret' }
    expect(loadConfig({ ...webhook, AUDIT_EXPORT_INTERVAL_SECONDS: '60' }).auditExport).toEqual({
      ...{ kind: 'webhook', url: 'https://log.example/in', token: 'secret', everySeconds: 60 },
    })
    for (const wrong of [
      'file:audit',
      'file://host/x',
      '/srv',
      'http://log.example',
      'https://u:p@log.example',
    ])
      expect(faultsOf({ AUDIT_EXPORT: wrong })[0]).toMatch(/^AUDIT_EXPORT: must be file:/)
    expect(faultsOf({ AUDIT_EXPORT: 'file:/srv', AUDIT_EXPORT_TOKEN: 'secret' })).toEqual([
      'AUDIT_EXPORT_TOKEN: wants an https address in AUDIT_EXPORT.',
    ])
  })
})

describe('docs/configuration.md', () => {
  it('is what the schema says: `npm run docs` brings it up to date', async () => {
    await expect(configurationReference()).toMatchFileSnapshot('../../docs/configuration.md')
  })
})
