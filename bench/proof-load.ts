import { createPrivateKey } from 'node:crypto'
import autocannon from 'autocannon'
import { TestMachine } from '../tests/harness/machine.ts'

/** What the process that loads a server with signed calls is told, as JSON in its one argument. */
export interface ProofLoad {
  url: string
  path: string
  handle: string
  audience: string
  /** PKCS #8, PEM. */
  privateKey: string
  seconds: number
}

/** More than any server answers, so that no call waits for its signature. */
const perSecond = 10_000

const { url, path, seconds, ...named } = JSON.parse(process.argv[2] ?? '') as ProofLoad
const machine = new TestMachine(named.handle, named.audience, undefined, createPrivateKey(named.privateKey))
const proofs = Array.from({ length: perSecond * seconds }, () => machine.prove({ method: 'GET', path }))

function nextProof(): string {
  const proof = proofs.pop()
  if (!proof) throw new Error('There were too few proofs for so fast a server')
  return `PoP ${proof}`
}

const { requests, duration, errors, timeouts, non2xx } = await autocannon({
  url,
  connections: 20,
  duration: seconds,
  requests: [
    {
      method: 'GET',
      path,
      setupRequest: (request) => ({
        ...request,
        headers: { ...request.headers, authorization: nextProof() },
      }),
    },
  ],
})
if (errors + timeouts + non2xx > 0)
  throw new Error(`Requests failed under load: ${JSON.stringify({ errors, timeouts, non2xx })}`)
console.log(requests.total / duration)
