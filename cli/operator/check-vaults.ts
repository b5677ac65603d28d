import type { Container } from '#server/container'
import { newId } from '#server/lib/ids'
import { defineCommand } from '../command'
import { withProgress } from '../world'
import { aboutOperators, withContainer } from './container'

const pageSize = 200
/** Told of; more are counted. */
const mostShown = 100

export const command = defineCommand({
  args: {},
  about: `Opens every kept version of every secret of every tenant, and shows none. Ends with 1 where any does not open.\n\n${aboutOperators}`,
  examples: ['tenantry vault check', 'tenantry vault check --json | jq .broken'],
  async run(world) {
    const { vaults, checked, found, broken } = await withContainer(world, (container) =>
      withProgress(world, (show) => checkAll(container, show)),
    )
    const lines = broken.map(
      ({ tenant, vault, service, name, version, reason }) =>
        `  ${tenant}/${vault}: ${service}/${name}, version ${version}: ${reason}`,
    )
    const seen = `${checked} values in ${vaults} vaults were opened.`
    return {
      data: { vaults, checked, found, broken },
      text: found === 0 ? `${seen} All are whole.` : [`${seen} Broken: ${found}.`, ...lines].join('\n'),
      ...(found > 0 && { exitCode: 1 as const }),
    }
  },
})

async function checkAll({ vault: secrets, database, scopes }: Container, show: (text: string) => void) {
  const sum = { vaults: 0, checked: 0, found: 0 }
  const broken: Record<'tenant' | 'vault' | 'service' | 'name' | 'version' | 'reason', string>[] = []
  for await (const { id, handle, tenant } of everyVault(database)) {
    sum.vaults += 1
    for await (const { service, name, version, broken: reason } of secrets.check({
      tenantId: tenant.id,
      id,
    })) {
      sum.checked += 1
      if (sum.checked % pageSize === 0) show(`${sum.checked} values of ${sum.vaults} vaults …`)
      if (reason === undefined) continue
      sum.found += 1
      const place = { tenant: tenant.slug, vault: handle, service, name }
      if (broken.length < mostShown) broken.push({ ...place, version: String(version), reason })
    }
  }
  await scopes.platform(newId()).transaction(({ audit }) =>
    audit.record({
      action: 'vaults.checked',
      subject: { kind: 'portal', id: 'vaults' },
      after: { vaults: sum.vaults, checked: sum.checked, broken: sum.found },
    }),
  )
  return { ...sum, broken }
}

async function* everyVault({ client }: Container['database']) {
  for (let after = ''; ;) {
    const page = await client.vault.findMany({
      where: { id: { gt: after } },
      orderBy: { id: 'asc' },
      take: pageSize,
      select: { id: true, handle: true, tenant: { select: { id: true, slug: true } } },
    })
    yield* page
    const last = page.at(-1)
    if (!last || page.length < pageSize) return
    after = last.id
  }
}
