import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { ExportTarget } from '#server/domain/audit/exports/target.port'
import { createFolderTarget, exportFile } from './folder'
import { createWebhookTarget } from './webhook'

const endings: (() => unknown)[] = []
afterEach(() => Promise.all(endings.splice(0).map((end) => end())))

const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-export-'))
  endings.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endings.push(() => new Promise((resolve) => server.close(resolve)))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`
}

interface Place {
  target: ExportTarget
  arrived(): string[]
}

const places: Record<string, () => Promise<Place>> = {
  folder: async () => {
    const folder = join(newFolder(), 'new')
    return {
      target: createFolderTarget(folder),
      arrived: () => readFileSync(join(folder, exportFile), 'utf8').trim().split('\n'),
    }
  },
  webhook: async () => {
    const bodies: string[] = []
    const url = await listen((request, response) => {
      let body = ''
      request.on('data', (part: Buffer) => (body += part.toString()))
      request.on('end', () => {
        bodies.push(body)
        response.writeHead(204).end()
      })
    })
    return { target: createWebhookTarget({ url, token: 'secret' }), arrived: () => bodies }
  },
}

describe.each(Object.entries(places))('a place of the audit’s exports: %s', (_, open) => {
  it('gets each statement whole, in order', async () => {
    const { target, arrived } = await open()
    await target.deliver('one', 1)
    await target.deliver('two', 2)
    expect(arrived()).toEqual(['one', 'two'])
  })
})

describe('the folder', () => {
  it('is read back, begins a new line behind what a crash left, and is its owner’s alone', async () => {
    const folder = newFolder()
    const target = createFolderTarget(folder)
    const read = async () => {
      const lines: string[] = []
      for await (const line of target.read?.() ?? []) lines.push(line)
      return lines
    }
    expect(await read()).toEqual([])
    await target.deliver('one', 1)
    appendFileSync(join(folder, exportFile), 'tw')
    await target.deliver('two', 2)
    expect(await read()).toEqual(['one', 'tw', 'two'])
    expect(statSync(join(folder, exportFile)).mode & 0o777).toBe(0o600)
  })

  it('says which file can not be written', async () => {
    const file = join(newFolder(), 'file')
    writeFileSync(file, '')
    await expect(createFolderTarget(join(file, 'in')).deliver('one', 1)).rejects.toThrow(/file\/in.*ENOTDIR/)
  })
})

describe('the webhook', () => {
  it('is told the number and the token, and goes nowhere else', async () => {
    const asked: unknown[] = []
    const url = await listen((request, response) => {
      const { authorization, 'content-type': type, 'audit-export-sequence': sequence } = request.headers
      asked.push([request.method, request.url, authorization, type, sequence])
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    const delivery = createWebhookTarget({ url, token: 'secret' }).deliver('one', 7)
    await expect(delivery).rejects.toThrow(/^The webhook answered 302\.$/)
    expect(asked).toEqual([['POST', '/in', 'Bearer secret', 'application/jose', '7']])
  })

  it('says what failed, without the token or the address', async () => {
    const url = await listen((_, response) => response.writeHead(500).end('secret'))
    const failure = async (to: string) =>
      createWebhookTarget({ url: to, token: 'secret' })
        .deliver('one', 1)
        .catch((error: unknown) => String(error))
    expect(await failure(url)).toBe('Error: The webhook answered 500.')
    expect(await failure('http://127.0.0.1:1/in')).toBe('Error: The webhook is out of reach.')
  })
})
