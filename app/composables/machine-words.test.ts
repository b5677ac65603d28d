import { describe, expect, it } from 'vitest'
import { scopesWithin } from '#server/identities/granting'
import { MachineScope } from '#shared/contracts/machines'
import { scopeChoices, scopeLabel, scopesOf, usualScopes } from './machine-words'

describe.each(['member', 'admin'] as const)('what a machine with the role %s is offered', (role) => {
  it('is what the server grants, no more and no less', () => {
    expect(new Set(scopesOf(role))).toEqual(scopesWithin(role))
  })

  it('is all named, each once', () => {
    const offered = scopeChoices(role).flatMap(({ items }) => items.map(({ value }) => value))
    expect(offered.toSorted()).toEqual(scopesOf(role).toSorted())
    expect(new Set(offered.map(scopeLabel)).size).toBe(offered.length)
  })
})

it('what is chosen at first is within every role', () => {
  expect(usualScopes.filter((scope) => !scopesOf('member').includes(scope))).toEqual([])
  expect(MachineScope.options).toEqual(expect.arrayContaining([...usualScopes]))
})
