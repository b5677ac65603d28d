import { expect, it } from 'vitest'
import { createLog } from '#server/lib/log'
import type { Provider } from '../provider/provider'
import { verifyPerson } from './complete-login'

const issuer = 'https://id.example.org'
const settings = { issuer, groupsClaim: 'groups' }

/** What a login claims of groups. */
async function groupsOf(idToken: Record<string, unknown>, userInfo: Record<string, unknown> = {}) {
  const provider = {
    verifyIdToken: async () => ({ sub: 'ada', ...idToken }),
    requireSettings: async () => settings,
    userInfo: async () => ({ sub: 'ada', ...userInfo }),
  } as unknown as Provider
  const means = { provider, log: createLog('silent') }
  const flow = { nonce: 'n', fresh: false, begunAt: 0 }
  return (await verifyPerson(means, { idToken: 'i', accessToken: 'a' }, flow)).claims.groups
}

it.each([
  ['of the ID token', { groups: ['acme'] }, {}, ['acme']],
  ['of userinfo', {}, { groups: ['acme'] }, ['acme']],
  ['none where neither says so', {}, {}, []],
  ['none where it is of another type', { groups: 7 }, {}, []],
  ['none where it is null', { groups: null }, { groups: null }, []],
  ['not known where they are kept elsewhere', { _claim_names: { groups: 'src1' } }, {}, null],
  ['none where something else is kept elsewhere', { _claim_names: { roles: 'src1' } }, {}, []],
])('groups are those %s', async (_, idToken, userInfo, groups) => {
  expect(await groupsOf(idToken, userInfo)).toEqual(groups)
})
