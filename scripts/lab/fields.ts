/** Each value as a choice that is called by itself. */
export const choices = (values: readonly string[]) => values.map((value) => ({ value, label: value }))

/** Bytes in words. */
export const inGibibytes = (bytes: number) =>
  `${(bytes / 2 ** 30).toLocaleString('en', { maximumFractionDigits: 2 })} GiB`

/** What somebody wrote in GiB. @throws Error in words where it is no whole number */
export function bytesOf(gibibytes: string): number {
  if (!/^\d{1,6}$/.test(gibibytes)) throw new Error('GiB takes a whole number.')
  return Number(gibibytes) * 2 ** 30
}

/** A number of GiB, to be read with `bytesOf`. */
export const gibibytesField = { name: 'gibibytes', label: 'GiB' }
