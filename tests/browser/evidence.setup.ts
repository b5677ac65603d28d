import { afterEach } from 'vitest'
import { gatherEvidence } from './evidence'

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.error(await gatherEvidence(task.name))
})
