/** What several measurements of one thing gave. */
export interface Sample {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** @throws RangeError where there is none */
export function sampleOf(values: readonly number[]): Sample {
  const sorted = [...values].sort((a, b) => a - b)
  const [least] = sorted
  const most = sorted.at(-1)
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1)
  if (least === undefined || most === undefined) throw new RangeError('Nothing was measured.')
  return { least, most, median: middle.reduce((sum, value) => sum + value, 0) / middle.length }
}

/** The value that 95 of 100 do not exceed. @throws RangeError where there is none */
export function p95Of(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const value = sorted[Math.ceil(sorted.length * 0.95) - 1]
  if (value === undefined) throw new RangeError('Nothing was measured.')
  return value
}
