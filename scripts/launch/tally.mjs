// @ts-check
// How many tests passed and failed, all kinds together.
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {number} [skipped]
 * @property {string} [note] what counts are not enough to say
 * @property {string} [took]
 * @property {string[]} [failures] what failed, and the beginning of why
 */

/**
 * @typedef {object} VitestReport what vitest's `json` reporter writes
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {VitestFile[]} testResults a file each
 */

/**
 * @typedef {object} VitestFile
 * @property {string} name its path
 * @property {string} status
 * @property {string} [message] why it failed as a whole
 * @property {{ status: string, fullName: string, failureMessages?: string[] | null }[]} assertionResults
 */

/** Lines of a failure's message that are repeated at the end; the whole of it stands where it happened. */
const repeatedLines = 8

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

/**
 * The failed tests, as `retold` has them.
 *
 * @param {VitestReport} report
 * @param {string} root the project's folder: paths are shown from there
 */
export function failuresOf(report, root) {
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name)
    const failed = assertionResults.filter((test) => test.status === 'failed')
    if (failed.length === 0) return status === 'failed' ? [retold(file, message)] : []
    return failed.map(({ fullName, failureMessages }) =>
      retold(`${file} > ${fullName}`, failureMessages?.join('\n')),
    )
  })
}

/**
 * What failed and the beginning of why, to be said again at the end: of a long log, often only the end is kept.
 *
 * @param {string} what
 * @param {string} [why]
 */
export function retold(what, why = '') {
  const lines = why.trim().split('\n').slice(0, repeatedLines)
  return [what, ...lines.filter(Boolean).map((line) => `  ${line}`)].join('\n')
}

/** @param {Row[]} rows */
export function sum(rows) {
  return rows.reduce(
    (total, row) => ({ passed: total.passed + row.passed, failed: total.failed + row.failed }),
    { passed: 0, failed: 0 },
  )
}

/** What failed, and the table at the end; its last line is `N passed, N failed`, for machines. @param {Row[]} rows */
export function summary(rows) {
  const width = Math.max(...rows.map(({ name }) => name.length))
  const lines = rows.map(({ name, passed, failed, skipped, note, took }) => {
    const skips = skipped ? [`${skipped} skipped`] : []
    const counts = [`${passed} passed`, `${failed} failed`, ...skips].join(', ')
    return `  ${name.padEnd(width)}  ${[counts, took, note].filter(Boolean).join(' · ')}`
  })
  const failures = rows.flatMap((row) => row.failures ?? [])
  const total = sum(rows)
  return [
    ...failures.map((text) => `${text}\n`),
    ...lines,
    '',
    `${total.passed} passed, ${total.failed} failed`,
  ].join('\n')
}
