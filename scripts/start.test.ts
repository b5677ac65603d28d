import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { freePort } from '../tests/harness/postgresql.ts'
import { createStubProject, type Running, type StubProject } from '../tests/harness/stub-project.ts'

// Processes take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const fresh = ['npm ci', 'generate', 'nuxt build']

describe('npm start', () => {
  let project: StubProject
  let port: number
  let started: Running[]

  beforeEach(async () => {
    project = createStubProject()
    port = await freePort()
    started = []
  })

  afterEach(async () => {
    for (const { child } of started) child.kill('SIGTERM')
    await Promise.all(started.map(({ ended }) => ended))
    project.remove()
  })

  function start(env: NodeJS.ProcessEnv = {}, args: string[] = []): Running {
    const running = project.run('start.mjs', args, { PORT: String(port), ...env })
    started.push(running)
    return running
  }

  /** Starts, waits until it serves, stops it. @returns what was called meanwhile */
  async function startOnce(env: NodeJS.ProcessEnv = {}): Promise<string[]> {
    const before = project.calls().length
    const { child, prints, ended } = start(env)
    await prints('Ctrl+C')
    child.kill('SIGTERM')
    await ended
    return project.calls().slice(before)
  }

  it('installs, generates, builds and serves a fresh clone in production mode', async () => {
    const { child, prints, ended } = start()
    await prints('Ctrl+C')
    expect(project.calls()).toEqual(fresh)
    child.kill('SIGTERM')
    const { stdout } = await ended
    expect(stdout).toContain(`Tenantry is up`)
    expect(stdout).toContain(`http://localhost:${port}\n`)
    expect(stdout).toContain(`Set it up at: http://localhost:${port}/setup\n`)
    expect(stdout).toContain('mode production')
  })

  it('prints the public address, and no set-up address once there is an operator', async () => {
    const { child, prints, ended } = start({
      PUBLIC_URL: 'https://portal.example.org/',
      STUB_SERVER: 'set-up',
    })
    await prints('Ctrl+C')
    child.kill('SIGTERM')
    const { stdout } = await ended
    expect(stdout).toContain('https://portal.example.org\n')
    expect(stdout).not.toContain('/setup')
  })

  it('does nothing a second time', async () => {
    await startOnce()
    expect(await startOnce()).toEqual([])
  })

  it('does nothing for a test, a document or a script that changed', async () => {
    await startOnce()
    project.write('server/lib/ids.test.ts', 'changed')
    project.write('docs/self-hosting.md', 'changed')
    project.write('package.json', project.read('package.json').replace('"scripts":{}', '"scripts":{"x":"y"}'))
    expect(await startOnce()).toEqual([])
  })

  it('builds again when sources changed, without installing', async () => {
    await startOnce()
    for (const name of [
      'app/app.vue',
      'server/api/me.get.ts',
      'prisma/models/user.prisma',
      'nuxt.config.ts',
    ]) {
      project.write(name, 'changed')
      expect(await startOnce()).toEqual(['generate', 'nuxt build'])
    }
  })

  it('installs and builds again when the lock file changed', async () => {
    await startOnce()
    project.write('package-lock.json', project.read('package-lock.json').replaceAll('1.0.0', '1.0.1'))
    expect(await startOnce()).toEqual(fresh)
  })

  it('takes over packages that somebody installed by hand', async () => {
    await startOnce()
    project.write('node_modules/.tenantry-install', 'of another lock file')
    expect(await startOnce()).toEqual([])
  })

  it('installs again after an installation that was cut off', async () => {
    const { code } = await start({ STUB_NPM: 'cut' }).ended
    expect(code).toBe(1)
    expect(await startOnce()).toEqual(fresh)
  })

  it("says what npm said where the installation fails, and leaves npm's exit to be tried again", async () => {
    const { code, stderr } = await start({ STUB_NPM: 'fail' }).ended
    expect(code).toBe(1)
    expect(stderr).toContain('npm error the registry is gone')
    expect(stderr).not.toContain('    at ')
    expect(await startOnce()).toEqual(fresh)
  })

  it('says what the build said where it fails, and builds again', async () => {
    const { code, stderr } = await start({ STUB_BUILD: 'fail' }).ended
    expect(code).toBe(1)
    expect(stderr).toContain('app.vue does not parse')
    expect(await startOnce()).toEqual(['generate', 'nuxt build'])
  })

  it("builds without the server's environment", async () => {
    await startOnce({
      DATABASE_URL: 'file:/tmp/secret.db',
      NUXT_PUBLIC_AUTH_MODE: 'oidc-only',
      NITRO_PRESET: 'bun',
    })
    const seen: unknown = JSON.parse(project.read('nuxt.env.json'))
    expect(seen).toMatchObject({ NODE_ENV: 'production' })
    for (const name of ['DATABASE_URL', 'NUXT_PUBLIC_AUTH_MODE', 'NITRO_PRESET', 'PORT'])
      expect(seen).not.toHaveProperty(name)
  })

  it('hands signals to the server once, lets it drain, and ends with its exit code', async () => {
    const { child, prints, ended } = start()
    await prints('Ctrl+C')
    child.kill('SIGTERM')
    child.kill('SIGTERM')
    const { code, stdout } = await ended
    expect(code).toBe(7)
    expect(stdout.match(/draining/g)).toHaveLength(1)
  })

  it('stops where npm, whose shell passes no signal on, is stopped', async () => {
    const launcher = JSON.stringify(project.path('scripts/start.mjs'))
    const shell = `import { spawn } from 'node:child_process'\nspawn(process.execPath, [${launcher}], { stdio: 'inherit' })\n`
    project.write('scripts/shell.mjs', shell)
    const { child, prints, ended } = project.run('shell.mjs', [], {
      PORT: String(port),
      npm_lifecycle_event: 'start',
    })
    await prints('Ctrl+C')
    child.kill('SIGTERM')
    // Ends when nobody holds the output any more: neither shell, nor launcher, nor server.
    expect((await ended).stdout).toContain('draining')
  })

  it('adds nothing to the words of a server that does not start', async () => {
    const { code, stdout, stderr } = await start({ STUB_SERVER: 'faulty' }).ended
    expect(code).toBe(1)
    expect(stderr).toBe('Tenantry does not start: AUTH_MODE must be standalone or oidc-only.\n')
    expect(stdout).not.toContain('is up')
  })

  it('says so where another program has the port', async () => {
    const other = createServer((_request, response) => response.end('{"status":"ok"}')).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const taken = (other.address() as AddressInfo).port
    const { code, stderr } = await start({ PORT: String(taken) }).ended
    other.close()
    expect(code).toBe(1)
    expect(stderr).toContain(`Port ${taken} is taken`)
  })

  it('leaves it to the server to refuse a PORT that is none', async () => {
    const { code, stderr } = await start({ PORT: 'http', STUB_SERVER: 'faulty' }).ended
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('does not start') })
  })

  it('installs and builds once where two start at once', async () => {
    const first = start({ STUB_NPM: 'wait' })
    await first.prints('Installing packages')
    const second = start({ STUB_NPM: 'wait', PORT: String(await freePort()) })
    await second.prints('Waiting for process')
    project.write('go', '')
    await Promise.all([first.prints('Ctrl+C'), second.prints('Ctrl+C')])
    expect(project.calls()).toEqual(fresh)
  })

  it('waits for the npm of a launcher that was killed, and takes over what it installed', async () => {
    const killed = start({ STUB_NPM: 'wait' })
    await killed.prints('Installing packages')
    await expect.poll(() => project.calls(), { timeout: 30_000 }).toEqual(['npm ci'])
    killed.child.kill('SIGKILL')
    const second = start()
    await second.prints('Waiting for process')
    project.write('go', '')
    await second.prints('Ctrl+C')
    expect(project.calls()).toEqual(fresh)
  })

  it('does not build under the feet of a server that runs', async () => {
    await start().prints('Ctrl+C')
    project.write('app/app.vue', 'changed')
    const { code, stderr } = await start({ PORT: String(await freePort()) }).ended
    expect(code).toBe(1)
    expect(stderr).toContain('stop it first')
    expect(project.calls()).toEqual([...fresh, 'generate'])
  })

  it('explains itself, and refuses what it does not know', async () => {
    expect(await start({}, ['--help']).ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('npm start'),
    })
    expect(await start({}, ['--prot']).ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--prot'),
    })
    expect(project.calls()).toEqual([])
  })
})
