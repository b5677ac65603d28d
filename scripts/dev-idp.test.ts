import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished, vi } from 'vitest'

// Each test starts processes, which take seconds where the machine is busy.
vi.setConfig({ testTimeout: 60_000 })

const script = fileURLToPath(new URL('dev-idp.ts', import.meta.url))

function start(...options: string[]) {
  const child = spawn(process.execPath, [script, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, errors }))
  const printed = once(child.stdout, 'data').then(([chunk]) => String(chunk))
  return { child, ended, printed }
}

it('prints the environment of a provider that describes itself, and ends on SIGTERM', async () => {
  const { child, ended, printed } = start('--port', '0', '--portal', 'http://localhost:3123/', '--json')
  const environment = JSON.parse(await printed) as Record<string, string>
  expect(environment).toMatchObject({ PUBLIC_URL: 'http://localhost:3123', OIDC_CLIENT_ID: 'tenantry' })
  const answer = await fetch(`${environment.OIDC_ISSUER}/.well-known/openid-configuration`)
  expect(await answer.json()).toMatchObject({ issuer: environment.OIDC_ISSUER })
  child.kill('SIGTERM')
  expect((await ended).code).toBe(0)
})

it('says what is wrong with an option', async () => {
  for (const options of [
    ['--port', '70000'],
    ['--portal', 'localhost'],
    ['--prot', '1'],
  ]) {
    const refused = await start(...options).ended
    expect(refused.code).toBe(2)
    expect(refused.errors).toMatch(/^dev-idp: .+\n/)
  }
})
