import { describe, expect, it, vi } from 'vitest'
import { createVitest } from 'vitest/node'
import manifest from '../../package.json'
import { checks, planFor, projects } from './plan.mjs'

// Loading takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

function names(argv: string[]) {
  const plan = planFor(argv)
  return {
    ...plan,
    checks: plan.checks.map(({ name }) => name),
    projects: plan.projects.map(({ name }) => name),
  }
}

const every = { checks: checks.map(({ name }) => name), projects: projects.map(({ name }) => name) }

describe('planFor', () => {
  it('is everything where nothing is named', () => {
    expect(names([])).toEqual({ build: true, ...every, vitestArgs: [] })
  })

  it.each([
    [['check'], { build: false, checks: every.checks, projects: [], vitestArgs: [] }],
    [['lint', 'types'], { build: false, checks: ['types', 'lint'], projects: [], vitestArgs: [] }],
    [['build'], { build: true, checks: [], projects: [], vitestArgs: [] }],
    [['unit'], { build: false, checks: [], projects: ['unit'], vitestArgs: [] }],
    [['browser'], { build: true, checks: [], projects: ['browser'], vitestArgs: [] }],
    [
      ['unit', 'server/lib', '-t', 'e2e'],
      { build: false, checks: [], projects: ['unit'], vitestArgs: ['server/lib', '-t', 'e2e'] },
    ],
    [['server/lib'], { build: true, checks: [], projects: every.projects, vitestArgs: ['server/lib'] }],
  ])('%j', (argv, expected) => {
    expect(names(argv)).toEqual(expected)
  })
})

describe('the plan', () => {
  it('holds every project of vitest.config.ts, so that none is left out', async () => {
    const vitest = await createVitest('test', { watch: false, run: true })
    const configured = vitest.projects.map(({ name }) => name)
    await vitest.close()
    expect(configured.sort()).toEqual([...every.projects].sort())
  })

  it('holds checks that are scripts of package.json', () => {
    expect(Object.keys(manifest.scripts)).toEqual(
      expect.arrayContaining(checks.map(({ args: [script] }) => script)),
    )
  })
})
