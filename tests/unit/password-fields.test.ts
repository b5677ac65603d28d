import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { read } from '../harness/deployment'

const components = readdirSync('app', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.vue'))
  .map((file) => [`app/${file}`, read(`app/${file}`)] as const)

it('has one field for passwords, which is masked until its owner wants to see it, and is used by every form', () => {
  const field = 'app/components/base/password-field.vue'
  const masking = components.filter(([, text]) => /['"]password['"]/.test(text.split('<template>')[1] ?? ''))
  const fields = masking.filter(([, text]) => /type="[^"]*password/.test(text)).map(([file]) => file)
  // The others are for secrets of services, which are no person's.
  expect(fields.toSorted()).toEqual([
    field,
    'app/components/operator/provider.vue',
    'app/components/tenant/connection/form.vue',
  ])
  expect(read(field)).toContain(`:type="shown ? 'text' : 'password'"`)
  const users = components.filter(([, text]) => text.includes('<BasePasswordField'))
  expect(users.length).toBeGreaterThan(5)
  for (const [file, text] of users)
    for (const [tag] of text.matchAll(/<BasePasswordField[^>]*>/g))
      expect([file, /autocomplete="(current|new)-password"/.test(tag)]).toEqual([file, true])
})

it('keeps nobody from pasting, and no password manager from filling in', () => {
  expect(components.length).toBeGreaterThan(80)
  for (const [file, text] of components)
    expect([file, /@paste|onpaste|@copy=|data-lpignore|data-1p-ignore/i.test(text)]).toEqual([file, false])
})
