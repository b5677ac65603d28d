import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

// Loading takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const settings = fileURLToPath(new URL('circles.mjs', import.meta.url))
const command = fileURLToPath(new URL('../../node_modules/.bin/depcruise', import.meta.url))

const files = {
  // Over an alias.
  'server/a.ts': `import { b } from './b'\nexport const a = () => b\n`,
  'server/b.ts': `import { c } from '#server/c'\nexport const b = () => c\n`,
  'server/c.ts': `import { a } from './a'\nexport const c = () => a\n`,
  // Of types alone.
  'server/d.ts': `import type { E } from './e'\nexport interface D { e: E }\n`,
  'server/e.ts': `import type { D } from './d'\nexport interface E { d: D }\n`,
  // Through a component.
  'app/use-f.ts': `import G from './g.vue'\nexport const useF = () => G\n`,
  'app/g.vue': `<script setup lang="ts">\nimport { useF } from './use-f'\nuseF()\n</script>\n`,
  // None: two ways to one place.
  'server/h.ts': `import { i } from './i'\nimport { j } from './j'\nexport const h = [i, j]\n`,
  'server/i.ts': `import { j } from './j'\nexport const i = j\n`,
  'server/j.ts': `export const j = 1\n`,
}

interface Answer {
  summary: { totalCruised: number; violations: { cycle: { name: string }[] }[] }
}

describe('circles', () => {
  let root: string

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'tenantry-circles-'))
  })

  afterEach(() => rmSync(root, { recursive: true, force: true }))

  it('are found over aliases, of types and through components, and only they', () => {
    const paths = { '#server/*': ['../server/*'] }
    const compilerOptions = { module: 'ESNext', moduleResolution: 'Bundler', paths }
    const tsconfig = JSON.stringify({ compilerOptions, include: ['../**/*', '../**/*.vue'] })
    for (const [name, text] of Object.entries({ ...files, '.nuxt/tsconfig.app.json': tsconfig })) {
      mkdirSync(dirname(join(root, name)), { recursive: true })
      writeFileSync(join(root, name), text)
    }
    const args = [command, '--config', settings, '--output-type', 'json', '.']
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    expect(stderr).toBe('')
    const { summary } = JSON.parse(stdout) as Answer
    expect(summary.totalCruised).toBe(Object.keys(files).length)
    const found = summary.violations.map(({ cycle }) => cycle.map(({ name }) => name).sort())
    expect(found.sort()).toEqual([
      ['app/g.vue', 'app/use-f.ts'],
      ['server/a.ts', 'server/b.ts', 'server/c.ts'],
      ['server/d.ts', 'server/e.ts'],
    ])
  })
})
