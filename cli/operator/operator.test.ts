import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CommandLine } from '~~/tests/harness/command-line'
import { describeEachDatabase } from '~~/tests/harness/databases'
import { startMailbox, type Mailbox } from '~~/tests/harness/mailbox'
import { operatorEmail, startPortal, type Portal } from '~~/tests/harness/portal'

describeEachDatabase("an operator's commands", (given) => {
  let portal: Portal
  let line: CommandLine
  let mailbox: Mailbox
  const dataDir = mkdtempSync(join(tmpdir(), 'tenantry-operator-'))
  const key = Buffer.alloc(32, 1).toString('base64')
  beforeAll(async () => {
    mailbox = await startMailbox()
    const env = {
      ...{ DATA_DIR: dataDir, DATABASE_URL: given.url, MASTER_KEY: key, VAULT_BACKEND: 'database' },
      ...{ SMTP_URL: mailbox.url, MAIL_FROM: 'portal@example.org' },
    }
    line = new CommandLine(env)
    portal = await startPortal(given.url, { env })
    await (await portal.operator()).post('/api/tenants', { slug: 'acme', name: 'Acme' })
  })
  afterAll(async () => {
    await portal.close()
    await mailbox.stop()
    line.remove()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const logIn = (password: string, email = operatorEmail) =>
    portal.browser().post('/api/auth/login', { email, password })

  it('migrate finds nothing to do where all is done', async () => {
    expect(await line.run(['migrate', '--json'])).toMatchObject({ code: 0, json: { applied: [] } })
  })

  it('user create makes somebody who signs in with the password that it prints', async () => {
    const { code, json } = await line.run([
      ...['user', 'create', 'max@example.org', '--name', 'Max', '--generate', '--json'],
    ])
    expect({ code, json }).toMatchObject({
      code: 0,
      json: { email: 'max@example.org', platformRole: 'user' },
    })
    expect((await logIn(json.password, 'max@example.org')).status).toBe(200)
    expect(
      await line.run(['user', 'create', 'max@example.org', '--name', 'Max', '--generate']),
    ).toMatchObject({
      code: 1,
      errors: expect.stringContaining('user.email_taken'),
    })
  })

  it('user reset-password lets in who is locked out, and nobody who was in', async () => {
    const before = await portal.operator()
    for (let i = 0; i < 12; i++) await logIn('not the password at all')
    const input = 'a wholly other password'
    expect(await line.run(['user', 'reset-password', operatorEmail], { input })).toMatchObject({ code: 0 })
    expect((await before.get('/api/auth/session')).status).toBe(401)
    const { items } = await portal.container.scopes.platform('test').stores.audit.list({ limit: 5 })
    expect(items).toContainEqual(expect.objectContaining({ action: 'user.password_replaced' }))
    expect(JSON.stringify(items)).not.toContain(input)
  })

  it('user reset-password tells who has another password, in their language, and ends a mail to choose one', async () => {
    const email = 'ruth@example.org'
    const input = 'a password of her own'
    await line.run(['user', 'create', email, '--name', 'Ruth'], { input })
    const ruth = portal.browser()
    await ruth.post('/api/auth/login', { email, password: input })
    expect((await ruth.patch('/api/users/me/profile', { locale: 'de' })).status).toBe(200)
    await ruth.post('/api/auth/password/forgot', { email })
    await portal.container.errands.settled()
    const [, token = ''] = /#token=([\w-]{43})/.exec((await mailbox.newestTo(email)).text) ?? []
    const reset = ['user', 'reset-password', email, '--generate', '--json']
    const { json } = await line.run(reset)
    expect(json).toMatchObject({ email, sessionsEnded: 1, toldByMail: true })
    const { text, source } = await mailbox.newestTo(email)
    expect(text).toContain('ein anderes Passwort')
    expect(source).not.toContain(json.password)
    const late = { token, password: 'winter turnips sing loudly' }
    expect((await portal.browser().post('/api/auth/password/reset', late)).status).toBe(404)
    expect((await logIn(json.password, email)).status).toBe(200)
  })

  it('user reset-password is done where the mail does not go out, and says so', async () => {
    mailbox.refuse(550)
    const { code, json } = await line.run(['user', 'reset-password', operatorEmail, '--generate', '--json'])
    mailbox.clear()
    expect({ code, ...json }).toMatchObject({ code: 0, toldByMail: false })
    expect((await logIn(json.password)).status).toBe(200)
  })

  it('user reset-password refuses what is too weak, and whom it does not know', async () => {
    const input = 'aaaaaaaaaaaaaa'
    expect(await line.run(['user', 'reset-password', operatorEmail], { input })).toMatchObject({
      code: 1,
      errors: expect.stringContaining('password.too_weak'),
    })
    expect((await line.run(['user', 'reset-password', 'who@example.org', '--generate'])).code).toBe(4)
    expect((await line.run(['user', 'reset-password', 'nobody', '--generate'])).code).toBe(2)
  })

  it('audit verify ends with 1 where an entry was changed', async () => {
    expect(await line.run(['audit', 'verify', '--json'])).toMatchObject({ code: 0, json: { found: 0 } })
    const { client } = given.database
    const { id } = await client.auditEntry.findFirstOrThrow({ where: { action: 'user.created' } })
    await client.auditEntry.update({ where: { id }, data: { action: 'user.updated' } })
    const { code, json } = await line.run(['audit', 'verify', '--json'])
    await client.auditEntry.update({ where: { id }, data: { action: 'user.created' } })
    expect({ code, json }).toMatchObject({ code: 1, json: { found: 1, findings: [{ kind: 'changed', id }] } })
  })

  it('vault check opens everything, and rotate keeps it readable for who serves', async () => {
    const { client } = given.database
    const { id, tenantId } = await client.vault.findFirstOrThrow()
    const place = { tenantId, vaultId: id, service: 'smtp', name: 'password' }
    await portal.container.vault.put(place, 'a secret of Acme')
    expect(await line.run(['vault', 'check', '--json'])).toMatchObject({
      code: 0,
      json: { checked: 1, found: 0 },
    })

    expect((await line.run(['vault', 'rotate'])).code).toBe(2)
    const file = join(dataDir, 'next.key')
    const rotate = ['vault', 'rotate', '--new-key-file', file, '--generate', '--grace', '1', '--json']
    const { code, json } = await line.run(rotate)
    expect({ code, ...json }).toMatchObject({ code: 0, file })
    expect(json.rewrapped).toBeGreaterThan(0)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await portal.container.vault.get(place)).toMatchObject({ value: 'a secret of Acme' })

    expect((await line.run(['vault', 'check'])).code).toBe(1)
    line.env.MASTER_KEY = readFileSync(file, 'utf8').trim()
    expect((await line.run(['vault', 'check'])).code).toBe(0)
  })

  it('say all that is wrong with the configuration', async () => {
    const other = new CommandLine({ AUTH_MODE: 'odd', DATABASE_URL: 'mysql://x' })
    const { code, errors } = await other.run(['migrate'])
    other.remove()
    expect(code).toBe(1)
    expect(errors).toContain('AUTH_MODE')
    expect(errors).toContain('DATABASE_URL')
  })

  it('end with 5 where the database is away', async () => {
    const away = { DATABASE_URL: 'postgresql://a:b@127.0.0.1:1/x', MASTER_KEY: key }
    const other = new CommandLine(away)
    expect((await other.run(['user', 'reset-password', operatorEmail, '--generate'])).code).toBe(5)
    other.remove()
  })
})
