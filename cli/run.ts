import { stripVTControlCharacters } from 'node:util'
import { parseArgs, renderUsage, type ArgsDef, type ParsedArgs } from 'citty'
import manifest from '../package.json' with { type: 'json' }
import type { Command, Commands, Entry, Outcome } from './command'
import { exitCodes, exitCodesInWords, type ExitCode } from './exit-codes'
import { Failure, misuse } from './failure'
import { printable, printableJson } from './printable'
import type { World } from './world'

const rootOf = (commands: Commands): Entry => ({
  summary: 'The portal and control plane, from the command line.',
  commands,
})
const common = {
  json: { type: 'boolean', description: 'Print JSON, for scripts.' },
} as const satisfies ArgsDef

/**
 * Runs one command line.
 *
 * @param argv without the program's own name
 * @returns what the process is to end with; it throws nothing
 */
export async function run(argv: readonly string[], world: World, commands: Commands): Promise<ExitCode> {
  const json = argv.includes('--json')
  try {
    const found = find(argv, rootOf(commands))
    if (found.rest.some((word) => word === '--version') && found.path.length === 0)
      return print(world, json, { data: { version: manifest.version }, text: manifest.version })
    if ('commands' in found.entry || found.rest.some((word) => word === '--help' || word === '-h'))
      return await help(world, found)
    const { command } = await found.entry.load()
    return print(world, json, await (command as Command).run(world, parse(command as Command, found)))
  } catch (error) {
    return complain(world, json, error)
  }
}

interface Found {
  /** The words that led to it. */
  path: string[]
  entry: Entry
  rest: string[]
}

/** @throws Failure where a word is no command */
function find(argv: readonly string[], root: Entry): Found {
  const path: string[] = []
  let entry = root
  const rest = [...argv]
  while ('commands' in entry) {
    const [word] = rest
    if (word === undefined || word.startsWith('-')) break
    const next: Entry | undefined = Object.hasOwn(entry.commands, word) ? entry.commands[word] : undefined
    if (!next) throw misuse(`There is no command ${[...path, word].join(' ')}. See: ${nameOf(path)} --help`)
    path.push(word)
    rest.shift()
    entry = next
  }
  return { path, entry, rest }
}

const nameOf = (path: readonly string[]) => ['tenantry', ...path].join(' ')

/** @throws Failure where an option is not known, has no value, or something is missing or too much */
function parse(command: Command, { rest, path }: Found): ParsedArgs {
  const declared: ArgsDef = { ...command.args, ...common }
  const wrong = (what: string) => misuse(`${what} See: ${nameOf(path)} --help`)
  let args: ParsedArgs
  try {
    args = parseArgs(rest, declared)
  } catch (error) {
    throw wrong(`${stripVTControlCharacters((error as Error).message).replace(/\.$/, '')}.`)
  }
  const names = new Set(Object.keys(declared).flatMap((name) => [name, camel(name)]))
  for (const [name, value] of Object.entries<unknown>(args)) {
    if (name === '_') continue
    if (!names.has(name)) throw wrong(`There is no option --${name}.`)
    if (value === '') throw wrong(`--${name} wants a value.`)
  }
  const positional = Object.values(declared).filter(({ type }) => type === 'positional').length
  if (args._.length > positional) throw wrong(`Too much: ${args._[positional]}.`)
  return args
}

const camel = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

async function help(world: World, { entry, path, rest }: Found): Promise<ExitCode> {
  const text = await usageOf(path, entry)
  const asked = rest.length > 0 || path.length === 0
  const plain = world.stdout.isTTY && !world.env.NO_COLOR ? text : stripVTControlCharacters(text)
  ;(asked ? world.stdout : world.stderr).write(`${plain}\n`)
  return asked ? exitCodes.ok : exitCodes.usage
}

/** What `--help` says of a command, or of a group of them. */
export async function usageOf(path: readonly string[], entry: Entry): Promise<string> {
  const meta = { name: nameOf(path), description: entry.summary }
  if ('commands' in entry) {
    const subCommands = Object.fromEntries(
      Object.entries(entry.commands).map(([name, { summary }]) => [name, { meta: { description: summary } }]),
    )
    const codes = Object.entries(exitCodesInWords).map(([code, words]) => `  ${code.padStart(3)}  ${words}`)
    const usage = await renderUsage({ meta, subCommands })
    return path.length === 0 ? [usage, '', 'EXIT CODES', '', ...codes].join('\n') : usage
  }
  const command = (await entry.load()).command as Command
  const usage = (await renderUsage({ meta, args: { ...command.args, ...common } })).trimEnd()
  const examples = command.examples.map((example) => `  ${example}`)
  return [usage, '', ...(command.about ? [command.about, ''] : []), 'EXAMPLES', '', ...examples].join('\n')
}

function print(world: World, json: boolean, { data, text, exact = false, exitCode }: Outcome): ExitCode {
  const shown = exact ? text : printable(text)
  const plain = exact && !world.stdout.isTTY ? shown : `${shown}\n`
  world.stdout.write(json ? `${printableJson(data)}\n` : plain)
  return exitCode ?? exitCodes.ok
}

function complain(world: World, json: boolean, error: unknown): ExitCode {
  const failure = error instanceof Failure ? error : undefined
  const code = failure?.code ?? 'cli.failed'
  const message = error instanceof Error ? error.message : String(error)
  const plain = printable(`${message} (${code})`)
  world.stderr.write(`${json ? printableJson({ error: { code, message } }) : plain}\n`)
  return failure?.exitCode ?? exitCodes.failed
}
