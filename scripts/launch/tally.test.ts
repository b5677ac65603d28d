import { describe, expect, it } from 'vitest'
import { countRun, failuresOf, summary, type Row, type VitestReport } from './tally.mjs'

const empty: VitestReport = {
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
}
const strict = { mayBeEmpty: false }
const counts = ({ passed, failed }: Row) => [passed, failed]

describe('countRun', () => {
  it('takes over what vitest counted', () => {
    const row = countRun(
      'unit',
      { ...empty, numPassedTests: 5, numPendingTests: 1, numTodoTests: 2 },
      0,
      strict,
    )
    expect(row).toMatchObject({ passed: 5, failed: 0, skipped: 3 })
  })

  it('counts a file that broke before its tests as one failure', () => {
    const testResults = [
      { name: 'a', status: 'failed', assertionResults: [] },
      { name: 'b', status: 'failed', assertionResults: [{ fullName: 'one', status: 'passed' }] },
      { name: 'c', status: 'failed', assertionResults: [{ fullName: 'two', status: 'failed' }] },
      { name: 'd', status: 'passed', assertionResults: [{ fullName: 'three', status: 'passed' }] },
    ]
    const report = { ...empty, numPassedTests: 2, numFailedTests: 1, testResults }
    expect(counts(countRun('unit', report, 1, strict))).toEqual([2, 3])
  })

  it('counts a run without results, without tests, or with an unexplained exit code as one failure', () => {
    expect(counts(countRun('unit', undefined, 0, strict))).toEqual([0, 1])
    expect(counts(countRun('unit', empty, 0, strict))).toEqual([0, 1])
    expect(counts(countRun('unit', { ...empty, numPassedTests: 3 }, 1, strict))).toEqual([3, 1])
  })

  it('lets a filter choose no test of a project', () => {
    expect(counts(countRun('unit', empty, 0, { mayBeEmpty: true }))).toEqual([0, 0])
    expect(counts(countRun('unit', undefined, 1, { mayBeEmpty: true }))).toEqual([0, 1])
  })
})

describe('failuresOf', () => {
  it('names the file, the test and the beginning of why', () => {
    const failureMessages = ['AssertionError: expected 1 to be 2\n    at first\n    at second']
    const testResults = [
      {
        name: '/root/server/a.test.ts',
        status: 'failed',
        message: 'Cannot find module',
        assertionResults: [],
      },
      {
        name: '/root/server/b.test.ts',
        status: 'failed',
        message: '',
        assertionResults: [
          { fullName: 'b works', status: 'passed', failureMessages: [] },
          { fullName: 'b counts', status: 'failed', failureMessages },
          { fullName: 'b ends', status: 'failed', failureMessages: [`${'line\n'.repeat(50)}`] },
        ],
      },
      { name: '/root/server/c.test.ts', status: 'passed', assertionResults: [] },
    ]
    const [broken, counts, ends, ...others] = failuresOf({ ...empty, testResults }, '/root')
    expect(broken).toBe('server/a.test.ts\n  Cannot find module')
    expect(counts).toBe(
      'server/b.test.ts > b counts\n  AssertionError: expected 1 to be 2\n      at first\n      at second',
    )
    expect(ends?.split('\n')).toHaveLength(9)
    expect(others).toEqual([])
  })
})

describe('summary', () => {
  it('ends with the line that machines read', () => {
    const rows = [
      { name: 'types', passed: 1, failed: 0, took: '3.1 s' },
      { name: 'unit', passed: 40, failed: 2, skipped: 1, took: '20 s', failures: ['a > one', 'b > two'] },
    ]
    expect(summary(rows).split('\n')).toEqual([
      'a > one',
      '',
      'b > two',
      '',
      '  types  1 passed, 0 failed · 3.1 s',
      '  unit   40 passed, 2 failed, 1 skipped · 20 s',
      '',
      '41 passed, 2 failed',
    ])
  })
})
