// Writes versions of one secret as fast as it can, for a test that kills it: node … vault-writer.ts <folder>
import { openDiskBackend } from '#server/vault/backends/disk'
import { sealValue } from '#server/vault/value'
import { killedKey, killedPlace, killedValue } from './vault-killed'

const backend = await openDiskBackend(process.argv[2] ?? '')
process.stdout.write('ready\n')
for (let version = (await backend.newest(killedPlace)) + 1; ; version++) {
  const writtenAt = Date.now()
  const content = { value: killedValue(version), note: null }
  const sealed = sealValue(killedKey, content, killedPlace, { version, writtenAt })
  if (!(await backend.append(killedPlace, { version, sealed, writtenAt }))) throw new Error('Not alone')
  process.stdout.write(`${version}\n`)
}
