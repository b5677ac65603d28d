import { rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createStubProject, type Ended, type StubProject } from '../tests/harness/stub-project.ts'

// Processes take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const preparation = ['npm ci', 'generate', 'nuxt build', 'generate', 'nuxt prepare']
/** Those of one turn are begun in any order. */
const checks = [
  ['npm run format', 'npm run migration -- --check', 'npm run types'],
  ['npm run circles', 'npm run lint'],
]
const projects = ['vitest unit', 'vitest e2e', 'vitest browser']

const [first, second] = checks.map((turn) => turn.length) as [number, number]

/** What was called, with the calls of each turn of checks sorted. */
function inTurns(calls: string[]): string[] {
  const [begin, middle] = [preparation.length, preparation.length + first]
  const end = middle + second
  return [
    ...calls.slice(0, begin),
    ...calls.slice(begin, middle).sort(),
    ...calls.slice(middle, end).sort(),
    ...calls.slice(end),
  ]
}

describe('npm test', () => {
  let project: StubProject

  beforeEach(() => {
    project = createStubProject()
  })

  afterEach(() => project.remove())

  const test = (args: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    project.run('test.mjs', args, env).ended
  const lastLine = ({ stdout }: Ended) => stdout.trimEnd().split('\n').at(-1)

  it('runs everything on a fresh clone, and counts tests, checks and the build alike', async () => {
    const ended = await test([], { STUB_UNIT: '{"passed":40,"failed":0}' })
    expect(inTurns(project.calls())).toEqual([...preparation, ...checks.flat(), ...projects])
    expect(lastLine(ended)).toBe(`${1 + checks.flat().length + 40 + 2 + 2} passed, 0 failed`)
    expect(ended.code).toBe(0)
  })

  it('goes on after a failed check, and shows its words', async () => {
    const ended = await test([], { STUB_FAILING: 'lint' })
    expect(inTurns(project.calls())).toEqual([...preparation, ...checks.flat(), ...projects])
    expect(ended.stdout).toContain('words of lint')
    expect(ended.stdout).not.toContain('words of types')
    expect(lastLine(ended)).toBe('11 passed, 1 failed')
    expect(ended.code).toBe(1)
  })

  it('runs what needs no build where the build fails, and counts the rest as failed', async () => {
    const ended = await test([], { STUB_BUILD: 'fail' })
    expect(project.calls().slice(-1)).toEqual(['vitest unit'])
    expect(ended.stdout).toContain('app.vue does not parse')
    expect(lastLine(ended)).toBe('7 passed, 3 failed')
    expect(ended.code).toBe(1)
  })

  it('has one failure to report where nothing can be installed', async () => {
    const ended = await test([], { STUB_NPM: 'fail' })
    expect(ended.stdout).toContain('npm error the registry is gone')
    expect(lastLine(ended)).toBe('0 passed, 1 failed')
    expect(ended.code).toBe(1)
  })

  it.each([
    ['a failed test', '{"passed":3,"failed":2}', '3 passed, 2 failed'],
    ['no tests', '{"passed":0,"failed":0}', '0 passed, 1 failed'],
    ['a crash without results', 'crash', '0 passed, 1 failed'],
    ['an error outside of the tests', '{"passed":3,"failed":0,"code":1}', '3 passed, 1 failed'],
  ])('fails on %s', async (_what, outcome, line) => {
    const ended = await test(['unit'], { STUB_UNIT: outcome })
    expect(lastLine(ended)).toBe(line)
    expect(ended.code).toBe(1)
  })

  it('says again at the end what failed, before the count', async () => {
    const file = { name: project.path('a.test.ts'), status: 'failed' }
    const failed = { fullName: 'a counts', status: 'failed', failureMessages: ['expected 1 to be 2'] }
    const report = { passed: 1, failed: 1, testResults: [{ ...file, assertionResults: [failed] }] }
    const ended = await test([], { STUB_FAILING: 'lint', STUB_UNIT: JSON.stringify(report) })
    const end = ended.stdout.slice(ended.stdout.lastIndexOf('Running browser'))
    expect(end).toMatch(/^lint\n {2}\S/m)
    expect(end).toContain('a.test.ts > a counts\n  expected 1 to be 2\n')
    expect(lastLine(ended)).toMatch(/^\d+ passed, 2 failed$/)
  })

  it('does not count what an earlier run left', async () => {
    await test(['unit'])
    const ended = await test(['unit'], { STUB_UNIT: 'crash' })
    expect(lastLine(ended)).toBe('0 passed, 1 failed')
  })

  it("keeps the developer's settings from the tests", async () => {
    const settings = {
      DATABASE_URL: 'file:/home/me/real.db',
      AUTH_MODE: 'oidc-only',
      MASTER_KEY_FILE: '/key',
      NODE_ENV: 'x',
    }
    await test(['unit'], { ...settings, AUTHENTIK_TEST_URL: 'http://127.0.0.1:9000', HOME: '/home/me' })
    const seen: unknown = JSON.parse(project.read('unit.env.json'))
    for (const name of Object.keys(settings)) expect(seen).not.toHaveProperty(name)
    expect(seen).toMatchObject({ AUTHENTIK_TEST_URL: 'http://127.0.0.1:9000', HOME: '/home/me' })
  })

  it('tells the browser tests where Chromium is', async () => {
    await test(['browser'])
    expect(JSON.parse(project.read('browser.env.json'))).toMatchObject({
      CHROMIUM_PATH: project.path('bin/chromium-headless-shell'),
    })
  })

  it('fails with a sentence where a tool is missing that it cannot install, and runs what does not need it', async () => {
    rmSync(project.path('bin/chromium-headless-shell'))
    const ended = await test(['unit', 'browser'])
    expect(project.calls()).toContain('vitest unit')
    expect(project.calls()).not.toContain('vitest browser')
    expect(ended.stdout).toContain(
      'The tests need Chromium, and found no chromium-headless-shell on PATH: install what is missing',
    )
    expect(lastLine(ended)).toBe('3 passed, 1 failed')
    expect(ended.code).toBe(1)
  })

  it('runs a part, without building where it needs no build', async () => {
    const ended = await test(['lint'])
    expect(project.calls()).toEqual(['npm ci', 'generate', 'nuxt prepare', 'npm run lint'])
    expect(lastLine(ended)).toBe('1 passed, 0 failed')
  })

  it('hands further arguments to vitest, and fails where they choose no test', async () => {
    const none = '{"passed":0,"failed":0}'
    const found = await test(['unit', 'server/lib', '-t', 'ids'])
    expect(JSON.parse(project.read('unit.args.json')).slice(-3)).toEqual(['server/lib', '-t', 'ids'])
    expect(lastLine(found)).toBe('2 passed, 0 failed')
    const elsewhere = await test(['server/lib'], { STUB_E2E: none, STUB_BROWSER: none })
    expect(lastLine(elsewhere)).toBe('3 passed, 0 failed')
    const nowhere = await test(['unit', 'server/nothing'], { STUB_UNIT: none })
    expect({ line: lastLine(nowhere), code: nowhere.code }).toEqual({ line: '0 passed, 1 failed', code: 1 })
  })
})
