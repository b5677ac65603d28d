type Ask<Value> = (signal: AbortSignal) => Promise<Value>

/**
 * Has something asked for once by all who want it at the same time. Whoever goes away takes it from nobody: it is asked
 * for with no signal of theirs, and has to end by itself.
 *
 * @returns a function that gives what was asked for; it throws what asking threw, or the signal's own reason
 */
export function createShared<Value>(ask: Ask<Value>): Ask<Value> {
  let asking: Promise<Value> | undefined
  return async (signal) => {
    signal.throwIfAborted()
    asking ??= ask(new AbortController().signal).finally(() => (asking = undefined))
    return unlessAborted(asking, signal)
  }
}

/**
 * As `createShared`, for what changes: nobody is given what was asked for before they came. Whoever comes while it is
 * being asked for waits, with all others who do, and shares what is asked for next.
 */
export function createSharedAnew<Value>(ask: Ask<Value>): Ask<Value> {
  let current: Promise<unknown> | undefined
  let next: Promise<Value> | undefined

  function begin(): Promise<Value> {
    const asking = ask(new AbortController().signal)
    const ended = asking.then(
      () => undefined,
      () => undefined,
    )
    current = ended
    void ended.then(() => {
      if (current === ended) current = undefined
    })
    return asking
  }

  return async (signal) => {
    signal.throwIfAborted()
    if (!current) return unlessAborted(begin(), signal)
    next ??= current.then(() => {
      next = undefined
      return begin()
    })
    return unlessAborted(next, signal)
  }
}

function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
