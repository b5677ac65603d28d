import { describeTokenMint } from '../../../tests/harness/token-mint-suite'
import { createAuthentik } from './client'
import { startAuthentikFake } from './fake'

describeTokenMint('Authentik', async () => {
  const fake = await startAuthentikFake()
  return {
    mint: (options = {}) => createAuthentik({ apiUrl: fake.url, token: fake.token, ...options }).tokenMint,
    settle: async ({ id: tenantId, slug }) => fake.addGroup({ name: slug, attributes: { tenantId, slug } }),
    takes: async ({ token, account }) => {
      const user = fake.users().find(({ username }) => username === account)
      const found = fake.tokens().find(({ key, user: pk }) => key === token && pk === user?.pk)
      return found !== undefined && Date.parse(found.expires ?? '') > Date.now()
    },
    count: () => fake.tokens().length,
    setDown: (isDown) =>
      isDown
        ? void fake.faults.add({
            ...{ kind: 'answer', status: 503, body: { detail: 'Not now.' }, times: 'always' },
          })
        : fake.faults.clear(),
    reset: fake.reset,
    async stop() {
      await fake.stop()
      return fake.violations()
    },
  }
})
