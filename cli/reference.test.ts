import { expect, it } from 'vitest'
import { reference } from './reference'

it('docs/cli.md says what the commands say; `npm run docs` writes it', async () => {
  await expect(await reference()).toMatchFileSnapshot('../docs/cli.md')
})
