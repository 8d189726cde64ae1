import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, defaultServerConditions } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// Beside the package's own modules, so that the native library is found.
const built = fileURLToPath(new URL('../../node_modules/.killable', import.meta.url))
const program = join(built, 'killable.js')
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kill-'))
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@grad-ts/source', ...defaultServerConditions] },
    ssr: { noExternal: true, external: ['onnxruntime-node', '@observablehq/plot', 'linkedom', 'cli-progress'] },
    build: {
      ssr: fileURLToPath(new URL('../fixtures/killable.ts', import.meta.url)),
      outDir: built,
      minify: false,
      rollupOptions: { external: ['onnxruntime-node', '@observablehq/plot', 'linkedom', 'cli-progress'] },
    },
  })
}, 60_000)

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await rm(built, { recursive: true, force: true })
})

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly from: number
  readonly stderr: string
}

interface Kill {
  readonly signal: NodeJS.Signals
  readonly after: number
  readonly at: 'started' | 'step'
}

/**
 * Runs the program; a signal is sent some time after it began to train, or after its first update.
 *
 * @param room bytes that a file may have at most: what comes after fails as on a full disk
 */
const run = (name: string, slow: number, kill?: Kill, room?: number): Promise<Ended> =>
  new Promise((resolve) => {
    const line = [process.execPath, program, join(folder, name), join(folder, `${name}.safetensors`), String(slow)]
    const child =
      room === undefined
        ? spawn(line[0] as string, line.slice(1))
        : spawn('sh', ['-c', `ulimit -f ${Math.floor(room / 512)}; exec "$0" "$@"`, ...line])
    let from = -1
    let stderr = ''
    let isAimed = false
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.stdout.on('data', (chunk: Buffer) => {
      const text = chunk.toString()
      from = Number(/started (\d+)/.exec(text)?.[1] ?? from)
      if (kill === undefined || isAimed || !text.includes(kill.at)) return
      isAimed = true
      setTimeout(() => child.kill(kill.signal), kill.after)
    })
    child.on('close', (code, signal) => resolve({ code, signal, from, stderr }))
  })

const result = async (name: string): Promise<readonly [Buffer, string]> => [
  await readFile(join(folder, `${name}.safetensors`)),
  await readFile(join(folder, `${name}.safetensors.json`), 'utf8'),
]

describe('a run that is killed', () => {
  it('goes on to the same bits after twenty SIGKILLs', { timeout: 300_000 }, async () => {
    expect((await run('whole', 0)).code).toBe(0)
    const [bits, history] = await result('whole')
    let kills = 0
    let last = 0
    for (let i = 0; i < 20; i++) {
      const { signal, from, stderr } = await run('killed', 4, {
        signal: 'SIGKILL',
        after: Math.random() * 120,
        at: i % 4 === 0 ? 'started' : 'step',
      })
      expect(stderr).toBe('')
      expect(from).toBeGreaterThanOrEqual(last)
      last = from
      if (signal === 'SIGKILL') kills += 1
    }
    expect(kills).toBe(20)
    expect(last).toBeGreaterThan(0)
    expect((await run('killed', 0)).code).toBe(0)
    const [resumedBits, resumedHistory] = await result('killed')
    expect(resumedBits.equals(bits)).toBe(true)
    expect(resumedHistory).toBe(history)
    // Two checkpoints of two files, and nothing else.
    expect((await readdir(join(folder, 'killed'))).length).toBe(4)
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('saves itself at %s and answers with %i', { timeout: 60_000 }, async (signal, code) => {
    const name = `stopped-${signal}`
    const ended = await run(name, 4, { signal, after: 50, at: 'step' })
    expect(ended.code).toBe(code)
    expect(ended.stderr).toMatch(`stopped by ${signal}`)
    const step = Number(/after step (\d+)/.exec(ended.stderr)?.[1])
    expect((await run(name, 0)).from).toBe(step)
    expect((await result(name))[0].equals((await result('whole'))[0])).toBe(true)
  })

  it('answers with what to try when the disk is full, and leaves the checkpoints before whole', { timeout: 60_000 }, async () => {
    await run('full', 4, { signal: 'SIGKILL', after: 100, at: 'step' })
    const before = (await readdir(join(folder, 'full'))).filter((file) => !file.startsWith('.'))
    const ended = await run('full', 0, undefined, 1024)
    expect(ended.code).toBe(1)
    expect(ended.stderr).toMatch(
      /^WriteError: cannot write .*step-\d+\.safetensors: .*; check the folder's permissions and the space left$/m,
    )
    expect(await readdir(join(folder, 'full'))).toEqual(expect.arrayContaining(before.filter((file) => file.endsWith('.json'))))
    expect((await run('full', 0)).code).toBe(0)
    expect((await result('full'))[0].equals((await result('whole'))[0])).toBe(true)
  })
})
