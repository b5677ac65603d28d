import { printableLine } from './printable'

/** Lines of columns, each as wide as what is in it. */
export function table(head: readonly string[], content: readonly (readonly string[])[]): string {
  const rows = content.map((row) => row.map(printableLine))
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)))
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
