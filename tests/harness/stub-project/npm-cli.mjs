// Stands in for npm. STUB_NPM: `fail`; `cut` for one that dies in between; `wait` for one that goes on when the
// file `go` is there. STUB_FAILING: scripts that fail.
import { appendFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

/** @param {string} line */
const note = (line) => appendFileSync(process.env.STUB_ROOT + '/calls.log', `${line}\n`)

const root = process.env.STUB_ROOT
const [command, ...rest] = process.argv.slice(2)
if (command === 'run') {
  const [script, ...args] = rest.filter((word) => word !== '--silent')
  note(['npm run', script, ...args].join(' '))
  console.log('words of ' + script)
  process.exit((process.env.STUB_FAILING ?? '').split(',').includes(script) ? 1 : 0)
}
note('npm ' + command)
if (process.env.STUB_NPM === 'fail') {
  console.error('npm error the registry is gone')
  process.exit(1)
}
const moment = new Int32Array(new SharedArrayBuffer(4))
while (process.env.STUB_NPM === 'wait' && !existsSync(root + '/go')) Atomics.wait(moment, 0, 0, 10)
rmSync(root + '/node_modules', { recursive: true, force: true })
cpSync(root + '/packages', root + '/node_modules', { recursive: true })
if (process.env.STUB_NPM === 'cut') process.kill(process.pid, 'SIGKILL')
const { packages } = JSON.parse(readFileSync(root + '/package-lock.json', 'utf8'))
writeFileSync(root + '/node_modules/.package-lock.json', JSON.stringify({ packages }))
