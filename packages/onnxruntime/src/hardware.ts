import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ConcreteDevice } from './device.ts'

/** What a machine says of itself. */
export interface Machine {
  readonly platform: string
  readonly architecture: string
  /** Lists a folder; nothing when there is none. */
  readonly list: (folder: string) => readonly string[]
}

const listFolder = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const thisMachine: Machine = { platform: process.platform, architecture: process.arch, list: listFolder }

// The device files of NVIDIA's driver, and of any GPU inside of Windows.
const isNvidia = (name: string): boolean => /^(nvidia(ctl|\d+)|dxg)$/.test(name)

// Drivers of phones and boards make files of their own.
const isOther = (name: string): boolean => /^(mali|kgsl|pvr|nvgpu)/.test(name)

/**
 * Tells whether a machine could have such a device: by its files, since a runtime that is asked for a GPU where there is none prints
 * lines of its own and takes its time, and since a driver that computes on the CPU is slower than the CPU itself.
 */
export const mayHave = (device: ConcreteDevice, { platform, architecture, list }: Machine = thisMachine): boolean => {
  if (device === 'cpu') return true
  if (device === 'cuda') return platform === 'linux' && architecture === 'x64' && list('/dev').some(isNvidia)
  if (platform !== 'linux') return true
  return list('/dev').some((name) => isNvidia(name) || isOther(name)) || list('/dev/dri').some((name) => name.startsWith('renderD'))
}

const libraryFolder = (): string | undefined => {
  try {
    const main = createRequire(import.meta.url).resolve('onnxruntime-node')
    const folder = join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch)
    return existsSync(folder) ? folder : undefined
  } catch {
    return undefined
  }
}

const providerLibraries = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so']

/** Says which library of the runtime a device lacks; nothing where none is known to be missing. */
export const missingLibrary = (device: ConcreteDevice): string | undefined => {
  if (device !== 'cuda' || process.platform !== 'linux') return undefined
  const folder = libraryFolder()
  const missing = folder === undefined ? undefined : providerLibraries.find((name) => !existsSync(join(folder, name)))
  return missing === undefined ? undefined : `the provider library ${missing} is not in ${folder}`
}
