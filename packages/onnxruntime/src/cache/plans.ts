import { ArgumentError } from '../errors.ts'
import { openFolder } from './folder.ts'
import type { PlanKey } from './key.ts'
import { createRecent } from './recent.ts'

/** Where compiled programs are kept beyond the process. */
export interface CacheOptions {
  readonly folder: string
  /** The most bytes that all entries may take; what was not used for the longest time is removed first (default: 256 MiB). */
  readonly maxBytes?: number
}

/** Where a program came from: compiled now, or found in this process or on disk. */
export type Origin = 'built' | 'memory' | 'disk'

/** What compiling gives, as plain data. */
export interface Stored {
  readonly model: Uint8Array
}

const mebibyte = 2 ** 20
// A plan takes some bytes besides its model.
const recent = createRecent<Stored>(({ model }) => model.byteLength + 65_536, 128 * mebibyte)

/** Forgets the plans of this process, for tests. */
export const forgetPlans = (): void => recent.clear()

const optionsOf = (cache: string | CacheOptions): Required<CacheOptions> => {
  const { folder, maxBytes = 256 * mebibyte } = typeof cache === 'string' ? { folder: cache } : cache
  if (folder === '' || !(maxBytes > 0))
    throw new ArgumentError('cache', '', 'a path and a positive number of bytes', `'${folder}', ${maxBytes}`)
  return { folder, maxBytes }
}

/**
 * Gives the plan of a key: from this process, from the folder, or built and put into both.
 *
 * @param cache `false` builds it and keeps nothing
 */
export const cachedPlan = async <Plan extends Stored>(
  { key, lasting }: PlanKey,
  cache: false | string | CacheOptions | undefined,
  build: () => Plan,
): Promise<{ readonly plan: Plan; readonly origin: Origin }> => {
  if (cache === false) return { plan: build(), origin: 'built' }
  const options = cache === undefined ? undefined : optionsOf(cache)
  const folder = options === undefined || !lasting ? undefined : await openFolder(options.folder, options.maxBytes)
  const known = recent.get(key) as Plan | undefined
  if (known !== undefined) {
    if (folder !== undefined && !(await folder.touch(key))) await folder.write(key, known)
    return { plan: known, origin: 'memory' }
  }
  const stored = (await folder?.read(key)) as Plan | undefined
  const plan = stored ?? build()
  recent.put(key, plan)
  if (stored === undefined) await folder?.write(key, plan)
  return { plan, origin: stored === undefined ? 'built' : 'disk' }
}
