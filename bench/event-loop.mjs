// @ts-check
// Preloaded into the server that is measured, and nowhere else: at SIGUSR2 it writes how late the event loop was since
// the last time, in milliseconds, into the file that BENCH_EVENT_LOOP names.
import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const resolution = 1
const histogram = monitorEventLoopDelay({ resolution })
histogram.enable()
const milliseconds = (/** @type {number} */ nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolution)

process.on('SIGUSR2', () => {
  const file = process.env.BENCH_EVENT_LOOP ?? ''
  const seen = { p99: milliseconds(histogram.percentile(99)), most: milliseconds(histogram.max) }
  // Whoever waits for the file must not read half of it.
  writeFileSync(`${file}.new`, JSON.stringify(seen))
  renameSync(`${file}.new`, file)
  histogram.reset()
})
