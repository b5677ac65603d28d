// Stands in for vitest. STUB_<PROJECT>: `crash`, or what it counts and ends with, as JSON.
import { appendFileSync, writeFileSync } from 'node:fs'

/** @param {string} line */
const note = (line) => appendFileSync(process.env.STUB_ROOT + '/calls.log', `${line}\n`)

const value = (name) => process.argv.find((word) => word.startsWith(name + '='))?.slice(name.length + 1)
const project = process.argv[process.argv.indexOf('--project') + 1]
note('vitest ' + project)
writeFileSync(process.env.STUB_ROOT + '/' + project + '.env.json', JSON.stringify(process.env))
writeFileSync(process.env.STUB_ROOT + '/' + project + '.args.json', JSON.stringify(process.argv.slice(2)))
const outcome = process.env['STUB_' + project.toUpperCase()] ?? '{"passed":2,"failed":0}'
if (outcome === 'crash') process.exit(134)
const { passed, failed, code, testResults = [] } = JSON.parse(outcome)
const report = {
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults,
}
writeFileSync(value('--outputFile.json'), JSON.stringify(report))
process.exit(code ?? (failed > 0 ? 1 : 0))
