import type { ArgsDef, ParsedArgs } from 'citty'
import type { World } from './world'

/** What a command hands over: data for scripts, and the same for people. */
export interface Outcome {
  /** What `--json` prints. */
  data: unknown
  /** What is printed otherwise; a newline follows unless it is `exact`. */
  text: string
  /** The text is somebody's own: printed as it is, unless a person looks at it. */
  exact?: boolean
  /** Not 0 where it was done, and what it found is bad. */
  exitCode?: 1
}

/** A command that does something. */
export interface Command<Args extends ArgsDef = ArgsDef> {
  args: Args
  /** Behind `tenantry`. */
  examples: readonly string[]
  /** More than its summary. */
  about?: string
  run(world: World, args: ParsedArgs<Args>): Promise<Outcome>
}

/** Commands by their words. */
export type Commands = Readonly<Record<string, Entry>>

/** Commands under one word, or one that is loaded when it is asked for. */
export type Entry =
  | { summary: string; commands: Commands }
  | { summary: string; load: () => Promise<{ command: Command<never> | Command }> }

/** Declares a command; its arguments' types follow from what it declares. */
export function defineCommand<const Args extends ArgsDef>(command: Command<Args>): Command {
  return command as unknown as Command
}
