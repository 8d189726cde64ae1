import { entries, mapWithPath } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { sameShape, showShape, tensor } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { CheckpointError } from '../errors.ts'
import type { StopReason } from '../training/events.ts'
import type { RunMemory } from '../training/memory.ts'
import type { Best } from './best.ts'
import type { Manifest } from './manifest.ts'
import type { Checkpoint } from './store.ts'

/** What a run is made of, between two updates. */
export interface Snapshot {
  readonly state: Tree<Constant>
  readonly memory: RunMemory
  readonly stop: StopReason | undefined
  readonly settings: Manifest['settings']
}

const named = (prefix: string, tree: Tree<Constant>): [string, Constant][] =>
  entries<Constant>(tree).map(([path, leaf]) => [path === '' ? prefix : `${prefix}.${path}`, leaf])

const histories = ['loss', 'learningRate', 'lossScale', 'gradientNorm', 'updateRatio'] as const

/** Puts a snapshot into the form that is written, with the best epoch whose checkpoint is kept. */
export const toCheckpoint = ({ state, memory, stop, settings }: Snapshot, best?: Best): Checkpoint => {
  const { epoch, updates, step, seconds, skipped, examples, tally, epochs, policies } = memory
  return {
    manifest: {
      settings,
      epoch,
      updates,
      step,
      seconds,
      skipped,
      examples,
      tally: { total: tally.total, weight: tally.weight },
      epochs,
      policies,
      ...(stop === undefined ? {} : { stop }),
      ...(best === undefined ? {} : { best }),
    },
    tensors: Object.fromEntries([
      ...named('state', state),
      ...named('best', memory.best),
      ...named('tally', tally.metrics),
      ...histories.map((name) => [`history.${name}`, tensor(Float64Array.from(memory.steps[name]))] as const),
    ]),
  }
}

/** Reads the tensors below a prefix into a tree like the given one. */
export const treeBelow = (path: string, prefix: string, like: Tree<Constant>, tensors: Checkpoint['tensors']): Tree<Constant> =>
  mapWithPath((leafPath, leaf: Constant) => {
    const name = leafPath === '' ? prefix : `${prefix}.${leafPath}`
    const found = tensors[name]
    if (found === undefined) throw new CheckpointError(path, 'model', `it has no tensor '${name}'`)
    if (!sameShape(found.shape, leaf.shape) || found.dtype !== leaf.dtype)
      throw new CheckpointError(
        path,
        'model',
        `'${name}' is ${found.dtype}${showShape(found.shape)}, this run has ${leaf.dtype}${showShape(leaf.shape)}`,
      )
    return found
  }, like)

const checkSettings = (path: string, saved: Manifest['settings'], now: Manifest['settings']): void => {
  for (const [key, value] of Object.entries(now))
    if (saved[key] !== value) throw new CheckpointError(path, 'settings', `it was made with ${key} ${saved[key]}, this run has ${value}`)
}

const checkExtra = (path: string, state: Tree<Tensor>, tensors: Checkpoint['tensors']): void => {
  const known = new Set(named('state', state as Tree<Constant>).map(([name]) => name))
  const extra = Object.keys(tensors).find((name) => name.startsWith('state') && !known.has(name))
  if (extra !== undefined) throw new CheckpointError(path, 'model', `it has a tensor '${extra}' that this run lacks`)
}

/** Where `best` has a tree, it is like this part of the state. */
const bestLike = (state: Tree<Constant>): Tree<Constant> => {
  const { params = null, model = null } = state as Readonly<Record<string, Tree<Constant>>>
  return { params, model }
}

/**
 * Takes a snapshot out of a checkpoint.
 *
 * @param now the snapshot of a run that has not begun: it says what is expected
 * @throws {CheckpointError} when the checkpoint belongs to another model, solver or setting
 */
export const fromCheckpoint = (path: string, { manifest, tensors }: Checkpoint, now: Snapshot): Snapshot => {
  checkSettings(path, manifest.settings, now.settings)
  checkExtra(path, now.state, tensors)
  if (manifest.policies.length !== now.memory.policies.length)
    throw new CheckpointError(
      path,
      'settings',
      `it was made with ${manifest.policies.length} policies, this run has ${now.memory.policies.length}`,
    )
  const hasBest = Object.keys(tensors).some((name) => name.startsWith('best.'))
  const { epoch, updates, step, seconds, skipped, examples, epochs, policies } = manifest
  const steps = Object.fromEntries(histories.map((name) => [name, [...(tensors[`history.${name}`]?.attributes.data ?? [])]]))
  return {
    state: treeBelow(path, 'state', now.state, tensors),
    stop: manifest.stop,
    settings: now.settings,
    memory: {
      epoch,
      updates,
      step,
      seconds,
      skipped,
      examples,
      tally: { ...manifest.tally, metrics: treeBelow(path, 'tally', now.memory.tally.metrics, tensors) as RunMemory['tally']['metrics'] },
      epochs: epochs as RunMemory['epochs'],
      policies,
      steps: steps as RunMemory['steps'],
      best: hasBest ? treeBelow(path, 'best', bestLike(now.state), tensors) : null,
    },
  }
}
