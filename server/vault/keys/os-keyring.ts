import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { z } from 'zod'

/** One entry in the keyring that the operating system keeps for whoever runs this process. */
export interface OsKeyring {
  /** The entry's name. */
  readonly entry: string
  /** @throws KeyringError where it can't be told what is there, as of one that nobody unlocks */
  read(): Promise<KeyringEntry>
  /** @throws KeyringError, also where there is no keyring */
  write(text: string): Promise<void>
  /** @returns whether it was there. @throws KeyringError */
  remove(): Promise<boolean>
}

/** What is there: the entry's text, or why there is none. */
export type KeyringEntry =
  { readonly state: 'found'; readonly text: string } | { readonly state: 'no entry' | 'no keyring' }

/** Where an entry is. */
export interface KeyringPlace {
  readonly entry: string
  /** The address of the login's D-Bus, which Linux has keyrings behind; undefined: there is none. */
  readonly sessionBus: string | undefined
}

/** A keyring is there and does not do what was asked. `message` is for operators, and holds no secret. */
export class KeyringError extends Error {
  constructor(entry: string, reason: string) {
    super(
      `The keyring of the operating system, which may hold the master key as “${entry}”, can't be used: ${reason.replace(/\.$/, '')}. ` +
        'Unlock it; or, to go without it, set MASTER_KEY or MASTER_KEY_FILE.',
    )
    this.name = 'KeyringError'
  }
}

/** What entries are filed under, beside their name. */
export const keyringService = 'tenantry'

/** Somebody may have to type a password first. */
const patienceSeconds = 60

/** Systems whose keyring is a part of them; all others have it behind the session bus. */
const systemKeyrings: readonly NodeJS.Platform[] = ['darwin', 'win32']
const noProvider = /not provided by any \.service files|name is not activatable/

type Request = { action: 'read' | 'remove' } | { action: 'write'; text: string }

const Answer = z.union([
  z.strictObject({ text: z.string().nullable() }),
  z.strictObject({ done: z.boolean() }),
  z.strictObject({ error: z.string() }),
])
type Answer = z.output<typeof Answer>

/** The calls of the library, each of which may wait for somebody to unlock the keyring. */
const calls = `
const { parentPort, workerData } = require('node:worker_threads')
const { library, service, entry, action, text } = workerData
const { Entry } = require(library)
const its = new Entry(service, entry, { linux: { store: 'secret-service' } })
if (action === 'read') parentPort.postMessage({ text: its.getPassword() ?? null })
else if (action === 'remove') parentPort.postMessage({ done: its.deleteCredential() })
else {
  its.setPassword(text)
  parentPort.postMessage({ done: true })
}`

/**
 * Makes them in a process of its own: they can't be interrupted, and would keep this one from ending. It ends itself when
 * its input ends, which stays open for as long as anybody waits for the answer.
 */
const program = `
const { Worker } = require('node:worker_threads')
const say = (answer) => process.stdout.write(JSON.stringify(answer), () => process.exit())
let input = ''
process.stdin.setEncoding('utf8')
process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL'))
process.stdin.on('data', (part) => {
  input += part
  if (!input.endsWith('\\n')) return
  const request = JSON.parse(input)
  const worker = new Worker(request.calls, { eval: true, workerData: request })
  worker.on('message', say).on('error', (error) => say({ error: String(error.message) }))
})`

/**
 * Opens nothing before it is asked: the Secret Service on Linux, the Keychain on macOS, the Credential Manager on Windows.
 *
 * @param seconds to wait for an answer
 */
export function openOsKeyring({ entry, sessionBus }: KeyringPlace, seconds = patienceSeconds): OsKeyring {
  const inSystem = systemKeyrings.includes(process.platform)
  const bus = inSystem ? undefined : sessionBus

  async function ask(request: Request): Promise<Answer | 'no keyring'> {
    if (!inSystem && bus === undefined) return 'no keyring'
    const answer = await run({ ...request, entry }, bus, seconds)
    if (!('error' in answer)) return answer
    if (noProvider.test(answer.error)) return 'no keyring'
    throw new KeyringError(entry, answer.error.split('\n', 1)[0] ?? '')
  }

  return {
    entry,
    async read() {
      const answer = await ask({ action: 'read' })
      if (answer === 'no keyring') return { state: answer }
      const text = 'text' in answer ? answer.text : null
      return text === null ? { state: 'no entry' } : { state: 'found', text }
    },
    async write(text) {
      if ((await ask({ action: 'write', text })) === 'no keyring')
        throw new KeyringError(entry, 'there is none')
    },
    async remove() {
      const answer = await ask({ action: 'remove' })
      return answer !== 'no keyring' && 'done' in answer && answer.done
    },
  }
}

async function run(
  request: Request & { entry: string },
  bus: string | undefined,
  seconds: number,
): Promise<Answer> {
  // The build's modules know where they are once all of them were read; the server boots before.
  await nextTurn()
  const library = createRequire(import.meta.url).resolve('@napi-rs/keyring')
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--eval', program], {
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
      // Nothing else of our environment is of use there, and secrets may be among it.
      ...(bus !== undefined && { env: { DBUS_SESSION_BUS_ADDRESS: bus } }),
    })
    let output = ''
    let reason = 'its process ended without an answer'
    const timer = setTimeout(() => {
      reason = `it did not answer within ${seconds} seconds, as one that waits to be unlocked`
      child.kill('SIGKILL')
    }, seconds * 1000)
    child.stdout.setEncoding('utf8').on('data', (part: string) => (output += part))
    child.on('error', (error) => (reason = error.message))
    // It may be gone before it has read.
    child.stdin.on('error', () => undefined)
    child.on('close', () => {
      clearTimeout(timer)
      resolve(answerIn(output) ?? { error: reason })
    })
    child.stdin.write(`${JSON.stringify({ ...request, calls, library, service: keyringService })}\n`)
  })
}

function answerIn(output: string): Answer | undefined {
  try {
    return Answer.parse(JSON.parse(output))
  } catch {
    return undefined
  }
}
