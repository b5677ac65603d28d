// @ts-check
// How many tests passed and failed, all kinds together.
import { existsSync, readFileSync } from 'node:fs'

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {number} [skipped]
 * @property {string} [note] what counts are not enough to say
 * @property {string} [took]
 */

/**
 * @typedef {object} VitestReport what vitest's `json` reporter writes
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {{ status: string, assertionResults: { status: string }[] }[]} testResults a file each
 */

/** @param {string} path @returns {VitestReport | undefined} undefined where vitest did not get to writing it */
export function readReport(path) {
  if (!existsSync(path)) return undefined
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * Counts one run of vitest. What can't have been right counts as a failure: no report, no tests, or an exit code
 * that no failed test explains.
 *
 * @param {string} name
 * @param {VitestReport | undefined} report
 * @param {number} exitCode
 * @param {{ mayBeEmpty: boolean }} options whether running no test is fine, since a filter chose others
 * @returns {Row}
 */
export function countRun(name, report, exitCode, { mayBeEmpty }) {
  if (!report)
    return { name, passed: 0, failed: 1, note: `vitest ended with ${exitCode} and wrote no results` }
  // A file that fails as a whole, such as by an import, has no failed test in it.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  ).length
  const passed = report.numPassedTests
  const failed = report.numFailedTests + broken
  const skipped = report.numPendingTests + report.numTodoTests
  if (failed > 0) return { name, passed, failed, skipped }
  if (passed === 0 && !mayBeEmpty) return { name, passed, failed: 1, skipped, note: 'no tests ran' }
  if (exitCode !== 0 && !(passed === 0 && mayBeEmpty))
    return {
      name,
      passed,
      failed: 1,
      skipped,
      note: `vitest ended with ${exitCode}, by an error outside of the tests`,
    }
  return { name, passed, failed, skipped }
}

/** @param {Row[]} rows */
export function sum(rows) {
  return rows.reduce(
    (total, row) => ({ passed: total.passed + row.passed, failed: total.failed + row.failed }),
    { passed: 0, failed: 0 },
  )
}

/** The table at the end; its last line is `N passed, N failed`, for machines. @param {Row[]} rows */
export function summary(rows) {
  const width = Math.max(...rows.map(({ name }) => name.length))
  const lines = rows.map(({ name, passed, failed, skipped, note, took }) => {
    const skips = skipped ? [`${skipped} skipped`] : []
    const counts = [`${passed} passed`, `${failed} failed`, ...skips].join(', ')
    return `  ${name.padEnd(width)}  ${[counts, took, note].filter(Boolean).join(' · ')}`
  })
  const total = sum(rows)
  return [...lines, '', `${total.passed} passed, ${total.failed} failed`].join('\n')
}
