import { expect, it } from 'vitest'
import { person } from '../../../tests/harness/authentik-members'
import { peopleAmong } from './people'
import { User } from './wire'

const user = (email: string, username = 'somebody') =>
  User.parse({
    ...{ pk: 7, username, email, name: 'Somebody', attributes: {}, groups: [], type: 'internal' },
    ...{
      is_active: true,
      is_superuser: false,
      last_login: null,
      uuid: '0190a5b0-0000-4000-8000-000000000000',
    },
  })
const kim = person('kim@example.org')

it('knows an address whatever the case of its ASCII letters', () => {
  const found = user('Kim@Example.ORG')
  expect(peopleAmong([found]).whoIs(kim)).toEqual({ user: found })
})

it.each([
  // The Kelvin sign, whose lower case in Unicode is a k.
  user('\u212aim@example.org'),
  user('', '\u212aim@example.org'),
])('takes nobody for a member whose address is alike by Unicode’s lower case alone', (stranger) => {
  expect(peopleAmong([stranger]).whoIs(kim)).toBeUndefined()
})
