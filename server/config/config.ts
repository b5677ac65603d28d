import { readFileSync } from 'node:fs'
import { assemble } from './assembly'
import { crossCheck } from './cross-checks'
import type { Config } from './shape'
import { Environment, secretNames } from './variables'

export type { Config, OidcEnvironment } from './shape'

/** The environment can't be served with. `message` names every fault and its remedy, a line each. */
export class ConfigError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(
      `Tenantry does not start: the environment needs a change.\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    )
    this.name = 'ConfigError'
    this.faults = faults
  }
}

type Variables = Record<string, string | undefined>

/** An empty variable counts as one that is not set, as compose files make them. */
function withoutEmpty(env: Variables): Variables {
  return Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  )
}

function readSecretFiles(env: Variables, faults: string[]): Variables {
  const read: Variables = {}
  for (const name of secretNames) {
    const file = env[`${name}_FILE`]
    if (file === undefined) continue
    if (env[name] !== undefined) {
      faults.push(`${name} and ${name}_FILE are both set: remove one of them.`)
      continue
    }
    try {
      read[name] = readFileSync(file, 'utf8').trim()
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unknown'
      faults.push(`${name}_FILE: the file can't be read (${reason}).`)
    }
  }
  return read
}

function freeze<Value>(value: Value): Value {
  const isPlain = Array.isArray(value) || (value && Object.getPrototypeOf(value) === Object.prototype)
  if (value && typeof value === 'object' && isPlain)
    for (const inner of Object.values(Object.freeze(value))) freeze(inner)
  return value
}

/**
 * Parses the environment.
 *
 * @throws ConfigError with all faults at once; it never repeats a secret's value
 */
export function loadConfig(environment: Variables): Config {
  const faults: string[] = []
  const env = withoutEmpty(environment)
  const parsed = Environment.safeParse({ ...env, ...readSecretFiles(env, faults) })
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0])
      const allowed = issue.code === 'invalid_value' ? `must be ${issue.values.join(' or ')}` : issue.message
      const given = secretNames.includes(name) ? '' : ` (it is ${JSON.stringify(env[name])})`
      faults.push(`${name}: ${allowed}${given}.`)
    }
    throw new ConfigError(faults)
  }
  crossCheck(parsed.data, faults)
  if (faults.length) throw new ConfigError(faults)
  return freeze(assemble(parsed.data, env))
}
