import { describe, expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import { describeSpace, describeSuperseded, readStamp, spaceName } from './stamp'

const tenantId = newId()
const slug = 'acme'

describe('a stamp', () => {
  it('is read as it was written, and with other words before it', () => {
    expect(readStamp(describeSpace(tenantId))).toEqual({ tenantId, isSuperseded: false })
    expect(readStamp(describeSuperseded(tenantId))).toEqual({ tenantId, isSuperseded: true })
    expect(readStamp(`Ours.\n[tenantry:space:${tenantId}] \n`)).toEqual({ tenantId, isSuperseded: false })
  })

  it.each([
    '',
    tenantId,
    `[tenantry:space:${tenantId}].`,
    `[tenantry:space:${tenantId.toUpperCase()}]`,
    `[tenantry:space:${tenantId}x]`,
    `[tenantry:space: ${tenantId}]`,
    `[tenantry:space:]`,
    `[tenantry:space:${tenantId}] [tenantry:space:${tenantId}]`,
    `[tenantry:other:x] [tenantry:space:${tenantId}]`,
  ])('is not %s', (description) => {
    expect(readStamp(description)).toBeUndefined()
  })
})

describe('a name', () => {
  it.each([
    ['Acme', 'Acme'],
    ['  Acme   Inc. ', 'Acme Inc'],
    ['acme.example', 'acme example'],
    ['a/b\\c:d?e*f"g>h<i|j', 'a b c d e f g h i j'],
    ['tab\there\u0000', 'tab here'],
    ['[tenantry:space:x]', '[tenantry space x]'],
    ['...', slug],
    ['', slug],
    ['x'.repeat(300), 'x'.repeat(255)],
    ['🐘'.repeat(100), '🐘'.repeat(63)],
    [`${'x'.repeat(254)} y`, 'x'.repeat(254)],
  ])('of %s is %s', (name, legal) => {
    expect(spaceName({ name, slug })).toBe(legal)
  })
})
