/**
 * Has something asked for once by all who want it at the same time. Whoever goes away takes it from nobody: it is asked
 * for with no signal of theirs, and has to end by itself.
 *
 * @returns a function that gives what was asked for; it throws what asking threw, or the signal's own reason
 */
export function createShared<Value>(
  ask: (signal: AbortSignal) => Promise<Value>,
): (signal: AbortSignal) => Promise<Value> {
  let asking: Promise<Value> | undefined
  return async (signal) => {
    signal.throwIfAborted()
    asking ??= ask(new AbortController().signal).finally(() => (asking = undefined))
    return unlessAborted(asking, signal)
  }
}

function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
