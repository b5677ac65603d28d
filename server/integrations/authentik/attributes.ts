/** Whether a value read from JSON can be written again without loss: integers beyond 2^53 can't. */
export function survivesJson(value: unknown): boolean {
  if (typeof value === 'number')
    return Number.isFinite(value) && (value % 1 !== 0 || Number.isSafeInteger(value))
  return typeof value !== 'object' || value === null || Object.values(value).every(survivesJson)
}
