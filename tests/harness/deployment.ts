import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'

/** A file of the repository, by its path from the root. */
export const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

const Service = z.strictObject({
  image: z.string(),
  build: z.string().optional(),
  restart: z.string(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.string() })).optional(),
  ports: z.array(z.string()).optional(),
  networks: z.array(z.string()),
  volumes: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  healthcheck: z.strictObject({
    test: z.array(z.string()),
    interval: z.string(),
    timeout: z.string(),
    start_period: z.string(),
    start_interval: z.string(),
    retries: z.number(),
  }),
  stop_grace_period: z.string(),
  user: z.string().optional(),
  read_only: z.boolean(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  shm_size: z.string().optional(),
  logging: z.strictObject({ driver: z.string(), options: z.record(z.string(), z.string()) }),
})
const Compose = z.strictObject({
  name: z.string(),
  services: z.strictObject({ portal: Service, postgres: Service }),
  networks: z.record(z.string(), z.strictObject({ internal: z.boolean().optional() })),
  volumes: z.record(z.string(), z.strictObject({})),
})

/** A compose file: portal and PostgreSQL alone, with nothing that these shapes do not name. */
export const readCompose = (name: string) => Compose.parse(parse(read(name)))

/**
 * What a container sees where these variables are set, as Compose interpolates `${NAME}`, `${NAME:-…}` and
 * `${NAME:?…}`.
 *
 * @throws Error as Compose does where a required one is not set
 */
export function interpolate(text: string, set: Record<string, string>): string {
  const variable = /\$\{(\w+)(?::([-?])((?:[^${}]|\$\{[^{}]*\})*))?\}/g
  return text.replace(variable, (_whole, name: string, operator?: string, rest = '') => {
    if (set[name]) return set[name]
    if (operator === '?') throw new Error(`${name}: ${rest}`)
    return interpolate(rest, set)
  })
}

/** Names of the variables that a compose file takes from its environment. */
export const variablesIn = (text: string) => namesBy(text, /\$\{(\w+)/g)

/** Those that it does not start without. */
export const requiredIn = (text: string) => namesBy(text, /\$\{(\w+):\?/g)

const namesBy = (text: string, pattern: RegExp) =>
  [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].sort()

/** The Dockerfile's last stage. */
export interface Image {
  /** Names of its instructions, in their order. */
  names: string[]
  /** What follows the name, for each instruction of that name. */
  of(name: string): string[]
  /** What it sets for whatever runs in it. */
  environment: Record<string, string>
}

/** Reads the Dockerfile's last stage. */
export function readImage(): Image {
  const text = read('Dockerfile').replace(/^\s*#.*\n/gm, '')
  const all = text
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter(Boolean)
  const stage = all.slice(all.findLastIndex((line) => line.startsWith('FROM ')))
  const instructions = stage.map((line) => /^(\w+)\s+(.*)$/.exec(line) ?? [line, '', ''])
  const of = (name: string) => instructions.flatMap(([, its, words = '']) => (its === name ? [words] : []))
  const settings = of('ENV').flatMap((words) => [...words.matchAll(/(\w+)=("[^"]*"|\S+)/g)])
  return {
    names: instructions.map(([, name = '']) => name),
    of,
    environment: Object.fromEntries(
      settings.map(([, name, value = '']) => [name, value.replaceAll('"', '')]),
    ),
  }
}
