import { expect, it } from 'vitest'
import type { Lease } from '#shared/contracts/vaults'
import { leaseTroubleLabel } from './vault-words'

const minted: Lease = {
  ...{ id: '0198b2ad-0000-7000-8000-000000000000', kind: 'minted', service: 'authentik', name: '' },
  ...{ purpose: 'a backup', status: 'revoked', askedBy: 'backup', account: null, place: null },
  ...{ createdAt: '2026-01-01T00:00:00.000Z', expiresAt: '2026-01-01T01:00:00.000Z' },
  ...{ endsLatest: '2026-01-01T01:00:00.000Z', lastReadAt: null, endedAt: '2026-01-01T00:30:00.000Z' },
  ...{ endReason: 'place_left', settled: false, trouble: null, givenUpAt: null },
}

it('a token that its service may still take is told of, with what the service said, until nobody asks it any more', () => {
  expect(leaseTroubleLabel(minted)).toMatch(/has not confirmed .* It is asked again\.$/)
  expect(leaseTroubleLabel({ ...minted, trouble: 'It was silent.' })).toMatch(
    /asked again\. It was silent\.$/,
  )
  const givenUpAt = '2026-01-08T01:00:00.000Z'
  expect(leaseTroubleLabel({ ...minted, trouble: 'It was silent.', givenUpAt })).toMatch(
    /nobody asks it now\. The token ended by itself\. It was silent\.$/,
  )
})

it('of others there is nothing to be told', () => {
  const others: Partial<Lease>[] = [{ kind: 'secret' }, { status: 'active' }, { settled: true }]
  for (const other of others) expect(leaseTroubleLabel({ ...minted, ...other })).toBeUndefined()
})
