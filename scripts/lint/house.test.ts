import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ESLint } from 'eslint'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { configs as nuxt } from '../../.nuxt/eslint.config.mjs'
import { house } from './house.mjs'

// Loading takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/** What can be imported in the tree that the cases below are linted in. */
const tree = [
  'app/composables/use-tenants.ts',
  'shared/contracts/tenants.ts',
  'server/api/tenants/index.get.ts',
  'server/auth/sessions/sessions.ts',
  'server/auth/sessions/sessions.store.ts',
  'server/config/config.ts',
  'server/container.ts',
  'server/domain/members/members.ts',
  'server/domain/members/members.policy.ts',
  'server/domain/members/members.store.ts',
  'server/domain/members/passwords.port.ts',
  'server/domain/tenants/tenants.ts',
  'server/domain/tenants/tenants.store.ts',
  'server/http/define-route.ts',
  'server/identities/registry.ts',
  'server/integrations/authentik/client.ts',
  'server/integrations/authentik/fake.ts',
  'server/integrations/authentik/fake-groups.ts',
  'server/integrations/authentik/wire.ts',
  'server/integrations/fakes/faults.ts',
  'server/integrations/http/failure.ts',
  'server/integrations/stalwart/client.ts',
  'server/lib/ids.ts',
  'server/provisioning/engine.ts',
  'server/provisioning/step-planner.port.ts',
  'server/scope.ts',
  'server/storage/database.ts',
  'server/storage/generated/sqlite/client.ts',
  'server/vault/keyring.ts',
  'tests/harness/server.ts',
]

/** `file > import`: the import stands in a file of that name. */
const allowed = `
  app/composables/use-me.ts > #shared/contracts/tenants
  app/pages/index.vue > ~~/shared/contracts/tenants
  app/pages/index.vue > ~/composables/use-tenants
  app/pages/index.vue > vue
  shared/contracts/members.ts > ./tenants
  shared/contracts/members.ts > zod
  server/api/tenants/index.post.ts > #server/http/define-route
  server/api/tenants/index.post.ts > #server/domain/tenants/tenants
  server/api/tenants/index.post.ts > #server/auth/sessions/sessions
  server/api/tenants/index.post.ts > #server/provisioning/engine
  server/api/tenants/index.post.ts > #shared/contracts/tenants
  server/middleware/30.caller.ts > #server/http/define-route
  server/plugins/10.container.ts > #server/container
  server/plugins/10.container.ts > #server/config/config
  server/http/access.ts > #server/domain/members/members
  server/http/access.ts > #server/scope
  server/http/access.ts > h3
  server/http/access.ts > type #server/config/config
  server/http/access.ts > type #server/container
  server/http/access.ts > #server/storage/database
  server/domain/members/members.ts > ./members.store
  server/domain/members/members.ts > ./members.policy
  server/domain/members/members.ts > ../tenants/tenants
  server/domain/members/members.ts > #server/scope
  server/domain/members/members.ts > #server/storage/database
  server/domain/members/members.ts > #server/vault/keyring
  server/domain/members/members.ts > #server/lib/ids
  server/domain/members/members.ts > #shared/contracts/tenants
  server/domain/members/members.store.ts > #server/storage/generated/sqlite/client
  server/domain/members/members.store.ts > @prisma/client
  server/domain/members/members.test.ts > #server/integrations/authentik/client
  server/domain/members/members.test.ts > ~~/tests/harness/server
  server/auth/passwords/passwords.ts > ../sessions/sessions.store
  server/auth/passwords/passwords.ts > type #server/domain/members/passwords.port
  server/provisioning/plan.ts > #server/domain/tenants/tenants
  server/vault/envelope.ts > #server/storage/database
  server/storage/transactions.ts > @prisma/adapter-pg
  server/storage/transactions.ts > ./generated/sqlite/client
  server/scope.ts > #server/domain/members/members.store
  server/scope.ts > #server/auth/sessions/sessions.store
  server/scope.ts > #server/domain/members/members.policy
  server/scope.ts > #server/storage/database
  server/container.ts > #server/integrations/authentik/client
  server/container.ts > #server/domain/tenants/tenants.store
  server/container.ts > #server/config/config
  server/container.ts > #server/scope
  server/integrations/authentik/steps.ts > ./wire
  server/integrations/authentik/steps.ts > type #server/provisioning/step-planner.port
  server/integrations/authentik/steps.ts > @goauthentik/api
  server/integrations/authentik/fake.ts > ./fake-groups
  server/integrations/authentik/fake.ts > ../fakes/faults
  server/integrations/authentik/client.ts > ../http/failure
  server/integrations/authentik/contract.test.ts > ./fake
  scripts/dev-services.ts > #server/integrations/authentik/fake
  tests/journeys/set-up.test.ts > #server/domain/tenants/tenants.store
`

const refused = `
  app/pages/index.vue > #server/domain/tenants/tenants
  app/pages/index.vue > type #server/domain/tenants/tenants
  app/pages/index.vue > ~~/server/lib/ids
  app/pages/index.vue > dynamic ~~/server/lib/ids
  app/composables/use-me.ts > @prisma/client
  app/composables/use-me.ts > h3
  app/composables/use-me.ts > node:fs
  shared/contracts/members.ts > h3
  shared/contracts/members.ts > node:crypto
  shared/contracts/members.ts > #server/lib/ids
  server/api/tenants/index.post.ts > #server/domain/tenants/tenants.store
  server/api/tenants/index.post.ts > #server/domain/members/members.policy
  server/api/tenants/index.post.ts > #server/storage/database
  server/api/tenants/index.post.ts > #server/vault/keyring
  server/api/tenants/index.post.ts > #server/container
  server/api/tenants/index.post.ts > #server/integrations/authentik/client
  server/api/tenants/index.post.ts > @prisma/client
  server/api/tenants/index.post.ts > h3
  server/api/tenants/index.post.ts > ~~/tests/harness/server
  server/routes/ready.get.ts > #server/storage/database
  server/middleware/30.caller.ts > #server/auth/sessions/sessions.store
  server/http/access.ts > #server/container
  server/http/access.ts > #server/config/config
  server/http/access.ts > #server/vault/keyring
  server/http/access.ts > #server/domain/members/members.store
  server/http/access.ts > type #server/domain/members/members.store
  server/http/access.ts > #server/storage/generated/sqlite/client
  server/http/access.ts > ../api/tenants/index.get
  server/domain/members/members.ts > ../tenants/tenants.store
  server/domain/members/members.ts > type ../tenants/tenants.store
  server/domain/tenants/tenants.ts > ../members/members.policy
  server/domain/members/members.ts > #server/config/config
  server/domain/members/members.ts > type #server/config/config
  server/domain/members/members.ts > #server/container
  server/domain/members/members.ts > #server/http/define-route
  server/domain/members/members.ts > #server/integrations/authentik/client
  server/domain/members/members.ts > type #server/integrations/authentik/client
  server/domain/members/members.ts > #server/storage/generated/sqlite/client
  server/domain/members/members.ts > type #server/storage/generated/sqlite/client
  server/domain/members/members.ts > type @prisma/client
  server/domain/members/members.ts > @prisma/client/runtime/client
  server/domain/members/members.ts > h3
  server/domain/members/members.ts > @goauthentik/api
  server/domain/members/members.ts > ~/composables/use-tenants
  server/auth/passwords/passwords.ts > #server/domain/members/members.store
  server/provisioning/engine.ts > #server/integrations/authentik/client
  server/provisioning/engine.ts > #server/http/define-route
  server/vault/keyring.ts > #server/domain/tenants/tenants
  server/vault/keyring.ts > #server/config/config
  server/storage/database.ts > #server/vault/keyring
  server/storage/database.ts > #server/domain/tenants/tenants
  server/storage/database.ts > #server/config/config
  server/scope.ts > #server/domain/tenants/tenants
  server/scope.ts > #server/http/define-route
  server/scope.ts > #server/container
  server/container.ts > #server/http/define-route
  server/container.ts > #server/integrations/authentik/fake
  server/integrations/authentik/client.ts > ./fake
  server/integrations/authentik/client.ts > ./fake-groups
  server/integrations/authentik/client.ts > ../fakes/faults
  server/integrations/http/failure.ts > ../fakes/faults
  server/integrations/http/failure.ts > ../authentik/client
  server/integrations/fakes/faults.ts > ../authentik/fake
  server/integrations/authentik/client.ts > ../stalwart/client
  server/integrations/authentik/client.ts > #server/provisioning/engine
  server/integrations/authentik/client.ts > #server/storage/database
  server/lib/log.ts > #server/config/config
  server/lib/log.ts > #server/storage/database
  server/config/load.ts > #server/storage/database
  server/utils/anything.ts > #server/lib/ids
  server/domain/anything.ts > #server/lib/ids
`

const lines = (text: string) => text.trim().split(/\s*\n\s*/)

function statement(imported: string): string {
  const [source, form] = imported.split(' ').reverse()
  if (form === 'type') return `import type { Thing } from '${source}'\nexport type Other = Thing`
  if (form === 'dynamic') return `export const thing = await import('${source}')`
  return `import { thing } from '${source}'\nexport const other = thing`
}

/** A case proves nothing where what it imports is not there. */
function assertStands(file: string, imported: string) {
  const source = imported.split(' ').at(-1) ?? ''
  const folders: Record<string, string> = { '#server': 'server', '#shared': 'shared', '~~': '.', '~': 'app' }
  const [first = '', ...rest] = source.split('/')
  const folder = folders[first] ?? (source.startsWith('.') ? join(dirname(file), first) : undefined)
  if (folder !== undefined) expect(tree).toContain(`${join(folder, ...rest)}.ts`)
}

describe('import directions', () => {
  let root: string
  let eslint: ESLint

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'tenantry-house-'))
    const paths = {
      '#server/*': ['./server/*'],
      '#shared/*': ['./shared/*'],
      '~~/*': ['./*'],
      '~/*': ['./app/*'],
    }
    const compilerOptions = { module: 'ESNext', moduleResolution: 'Bundler', paths }
    writeFileSync(join(root, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
    for (const path of tree) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), 'export const thing = 1\n')
    }
    const config = await nuxt.clone().append(...house(root, ['tsconfig.json']))
    eslint = new ESLint({ cwd: root, overrideConfigFile: true, overrideConfig: config })
  })

  afterAll(() => rmSync(root, { recursive: true, force: true }))

  /** What the house's rules say of `file > import`. */
  async function faults(rule: string): Promise<string[]> {
    const [file = '', imported = ''] = rule.split(' > ')
    assertStands(file, imported)
    const code = statement(imported)
    const text = file.endsWith('.vue') ? `<script setup lang="ts">\n${code}\n</script>\n` : code
    const [result] = await eslint.lintText(text, { filePath: join(root, file) })
    expect(result?.messages.filter(({ fatal }) => fatal)).toEqual([])
    return (
      result?.messages
        .filter(({ ruleId }) => ruleId?.startsWith('boundaries/'))
        .map(({ message }) => message) ?? []
    )
  }

  it.each(lines(allowed))('allows %s', async (rule) => {
    expect(await faults(rule)).toEqual([])
  })

  it.each(lines(refused))('refuses %s', async (rule) => {
    expect(await faults(rule)).toHaveLength(1)
  })
})
