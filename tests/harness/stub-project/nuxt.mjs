// Stands in for nuxt. STUB_BUILD: `fail`.
import { appendFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'

/** @param {string} line */
const note = (line) => appendFileSync(process.env.STUB_ROOT + '/calls.log', `${line}\n`)

const root = process.env.STUB_ROOT
const [command] = process.argv.slice(2)
note('nuxt ' + command)
writeFileSync(root + '/nuxt.env.json', JSON.stringify(process.env))
if (command === 'prepare') {
  mkdirSync(root + '/.nuxt', { recursive: true })
  writeFileSync(root + '/.nuxt/eslint.config.mjs', '')
}
if (command === 'build') {
  if (process.env.STUB_BUILD === 'fail') {
    console.error('app.vue does not parse')
    process.exit(1)
  }
  rmSync(root + '/.output', { recursive: true, force: true })
  mkdirSync(root + '/.output/server', { recursive: true })
  cpSync(root + '/server/entry.mjs', root + '/.output/server/index.mjs')
}
