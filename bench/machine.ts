import { availableParallelism, cpus, totalmem, type } from 'node:os'

/** The kind of machine, in words: nothing that tells one of its kind from another. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.replace(/\s+/g, ' ').trim()
  const gigabytes = Math.round(totalmem() / 1024 ** 3)
  const parts = [`${availableParallelism()} cores`, model && `(${model})`, `${gigabytes} GB of memory`]
  return `${parts.filter(Boolean).join(' ').replace(') ', '), ')}, ${type()} on ${process.arch}, Node ${process.version}`
}
