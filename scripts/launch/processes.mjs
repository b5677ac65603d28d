// @ts-check
// Child processes, and what becomes of them when we are told to stop.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { Stopped } from './problem.mjs'

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */
/** @typedef {{ cwd: string, env: NodeJS.ProcessEnv, shell?: boolean, onStart?: (pid: number) => void }} RunOptions */
/** @typedef {{ code: number, output: string }} RunResult */

/** @type {Set<ChildProcess>} */
const running = new Set()
/** @type {NodeJS.Signals | undefined} */
let stoppedBy
let lastSignalAt = 0

/** A terminal's Ctrl+C reaches us twice: from the terminal, and passed on by npm. */
const echoMs = 1000

/** The exit code that a shell gives to a command that a signal ended. @param {NodeJS.Signals} signal */
export function exitCodeOf(signal) {
  return 128 + (constants.signals[signal] ?? 0)
}

const parentPollMs = 100

/**
 * Passes signals on to the children instead of dying before them. To be called once, first.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export function takeSignals(env) {
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => pass(signal))
  if (env.npm_lifecycle_event) stopWithParent()
}

/** npm runs us in a shell, and a signal that it gets kills that shell alone. */
function stopWithParent() {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    pass('SIGTERM')
  }, parentPollMs)
  watch.unref()
}

/** @param {NodeJS.Signals} signal */
function pass(signal) {
  const echo = stoppedBy === signal && Date.now() - lastSignalAt < echoMs
  if (echo) return
  stoppedBy = signal
  lastSignalAt = Date.now()
  if (running.size === 0) process.exit(exitCodeOf(signal))
  // A closed terminal means stop, and a server drains on SIGTERM.
  for (const child of running) child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal)
}

/**
 * A child in whose place we stand: it gets our signals, each once.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {{ child: ChildProcess, ended: Promise<number> }} `ended` resolves with the exit code
 */
export function startInPlace(file, args, options) {
  // In a group of its own, since a terminal signals the whole group and we pass the signal on.
  const child = spawn(file, args, { ...options, stdio: 'inherit', detached: process.platform !== 'win32' })
  return { child, ended: endOf(child) }
}

/** @param {ChildProcess} child @returns {Promise<number>} */
function endOf(child) {
  running.add(child)
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      running.delete(child)
      reject(error)
    })
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve(signal ? exitCodeOf(signal) : (code ?? 1))
    })
  })
}

/**
 * Runs a command to its end, keeping what it prints.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {RunOptions} options
 * @returns {Promise<RunResult>} output and errors in the order in which they came
 * @throws Stopped where a signal ended us meanwhile
 */
export async function runQuietly(file, args, options) {
  const { onStart, ...spawnOptions } = options
  const child = spawn(file, args, { ...spawnOptions, stdio: ['ignore', 'pipe', 'pipe'] })
  if (child.pid) onStart?.(child.pid)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text) => (output += text))
  }
  const code = await endOf(child)
  if (stoppedBy) throw new Stopped(stoppedBy)
  return { code, output }
}

/**
 * Runs a command to its end, letting it print.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {RunOptions} options
 * @returns {Promise<number>} its exit code
 * @throws Stopped where a signal ended us meanwhile
 */
export async function runLoudly(file, args, options) {
  const { onStart, ...spawnOptions } = options
  const child = spawn(file, args, { ...spawnOptions, stdio: ['ignore', 'inherit', 'inherit'] })
  if (child.pid) onStart?.(child.pid)
  const code = await endOf(child)
  if (stoppedBy) throw new Stopped(stoppedBy)
  return code
}
