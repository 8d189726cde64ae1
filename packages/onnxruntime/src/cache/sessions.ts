import type { Runtime } from '../runtime.ts'

/** What a program needs of a session. */
export type SharedSession = Pick<Runtime.InferenceSession, 'run' | 'release'>

interface Entry {
  readonly session: Promise<Runtime.InferenceSession>
  users: number
}

const entries = new Map<string, Entry>()

const leave = async (key: string, entry: Entry): Promise<void> => {
  entry.users -= 1
  if (entry.users > 0) return
  if (entries.get(key) === entry) entries.delete(key)
  await (await entry.session).release()
}

/**
 * Gives programs of one key the same session, since the runtime keeps nothing in it from one run to the next; the last one that
 * releases it frees it.
 *
 * @param key nothing where sessions must not be shared
 */
export const shareSession = async (key: string | undefined, create: () => Promise<Runtime.InferenceSession>): Promise<SharedSession> => {
  if (key === undefined) return create()
  const entry = entries.get(key) ?? { session: create(), users: 0 }
  entries.set(key, entry)
  entry.users += 1
  try {
    const session = await entry.session
    return { run: session.run.bind(session), release: () => leave(key, entry) }
  } catch (error) {
    if (entries.get(key) === entry) entries.delete(key)
    throw error
  }
}
