import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A line between browsers and a server, which a test cuts and mends. */
export interface Line {
  /** What browsers open. */
  readonly url: string
  /** Where it leads from now on. */
  leadTo(url: string): void
  /** Ends what is open, and takes nothing in. */
  cut(): void
  mend(): void
  stop(): Promise<void>
}

export async function startLine(): Promise<Line> {
  const ends = new Set<Socket>()
  let port = 0
  let isCut = false
  const end = () => ends.forEach((socket) => socket.destroy())

  const server = createServer((near) => {
    if (isCut) return void near.destroy()
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      ends.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        ends.delete(socket)
        // What is on its way still arrives.
        near.destroySoon()
        far.destroySoon()
      })
    }
    near.pipe(far).pipe(near)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (url) => void (port = Number(new URL(url).port)),
    cut() {
      isCut = true
      end()
    },
    mend: () => void (isCut = false),
    async stop() {
      end()
      server.close()
      await once(server, 'close')
    },
  }
}
