import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import type { Graph } from '@grad-ts/tensor'
import { loadRuntime } from '../runtime.ts'
import { fingerprint, showValue } from './fingerprint.ts'

// What turns a graph into a plan: another version of any of these may make another plan.
const makers = ['@grad-ts/tensor', '@grad-ts/onnx', '@grad-ts/onnxruntime']

let versions: string | undefined

const ownVersions = (): string => {
  const { resolve } = createRequire(import.meta.url)
  return makers
    .map((name) => (JSON.parse(readFileSync(resolve(`${name}/package.json`), 'utf8')) as { readonly version: string }).version)
    .join()
}

/** The versions of the compiler and of the runtime; nothing where they cannot be told, as inside of a bundle. */
const versionsOf = async (): Promise<string | undefined> => {
  try {
    versions ??= `${ownVersions()} ${(await loadRuntime()).env.versions.node}`
  } catch {
    return undefined
  }
  return versions
}

/** Names a compilation: the graph, the options that decide how it is compiled, the versions of those who compile it. */
export interface PlanKey {
  readonly key: string
  /** Whether another process may find it: not where the versions are unknown. */
  readonly lasting: boolean
}

/**
 * Makes the key of a graph and options.
 *
 * @param kind what is compiled
 * @param options plain data
 */
export const planKey = async (kind: string, graph: Graph, options: Readonly<Record<string, unknown>>): Promise<PlanKey> => {
  const known = await versionsOf()
  const threads = options['threads'] ?? `all of ${availableParallelism()}`
  const parts = [kind, known ?? '', showValue({ ...options, threads }), fingerprint(graph)]
  return { key: createHash('sha256').update(parts.join('\n')).digest('hex'), lasting: known !== undefined }
}
