/** What stands in the audit for a value that belongs to a person. */
export const withheld = '(not kept)'

/** Fields of people. A tenant's name is none. */
const personal = new Set(['email', 'name', 'picture', 'subject', 'claimed'])
const aboutPeople = new Set(['user', 'portal', 'session', 'membership', 'invitation', 'identity'])
const looksLikeAddress = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

/**
 * What the audit keeps of a value. It outlives the people whom it tells of, and is never altered: so it says that a
 * name or an address was given, changed or taken away, and not which. Ids stay, and names are looked up by them.
 */
export function keptOf<Value>(subjectKind: string, field: string, value: Value): Value | typeof withheld {
  if (typeof value !== 'string') return value
  const isPersonal = personal.has(field) && aboutPeople.has(subjectKind)
  return isPersonal || looksLikeAddress.test(value) ? withheld : value
}
