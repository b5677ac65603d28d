/**
 * For `where`: nobody has the lease. One that ends later than any lease can was written under a clock that ran ahead;
 * it is no lease. Whoever has it all the same writes nothing more once it is taken, since the fence is raised.
 */
export function freeAt(now: Date, leaseMs: number) {
  const impossible = new Date(now.getTime() + 4 * leaseMs)
  return { OR: [{ leaseUntil: null }, { leaseUntil: { lte: now } }, { leaseUntil: { gt: impossible } }] }
}
