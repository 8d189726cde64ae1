import { describe, expect, it } from 'vitest'
import { adam, chain, clipByGlobalNorm, exponentialDecay, sgd } from '@grad-ts/optim'
import { add, mul, scalar, tensor, toNumber } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fit, fitOrThrow, fromColumns } from '../../src/index.ts'
import type { ParameterGroup } from '../../src/index.ts'

const params = { body: { w: scalar(0), b: scalar(0) }, head: { w: scalar(0), b: scalar(0) } }
type Params = typeof params

// Every gradient is −1, so that a parameter tells the sum of the learning rates that moved it.
const settings = {
  params,
  loss: (p: Params, { v }: { v: Tensor }) => mul(add(add(p.body.w, p.body.b), add(p.head.w, p.head.b)), v),
  data: fromColumns({ v: tensor([-1]) }),
  solver: sgd({ learningRate: 1 }),
  steps: 2,
  device: 'interpreter',
} as const

const moved = async (groups: readonly ParameterGroup[], more: object = {}): Promise<number[]> => {
  const { params: p } = await fitOrThrow({ ...settings, groups, ...more })
  return [p.body.w, p.body.b, p.head.w, p.head.b].map((leaf) => Number(toNumber(leaf).toFixed(4)))
}

describe('groups of parameters', () => {
  it('have a share of the learning rate', async () => expect(await moved([{ params: 'body.**', scale: 0.1 }])).toEqual([0.2, 0.2, 2, 2]))

  it('have a solver of their own, with a schedule of its own', async () => {
    const learningRate = exponentialDecay({ initValue: 4, transitionSteps: 1, decayRate: 0.5 })
    expect(await moved([{ params: ['head.*'], solver: sgd({ learningRate }) }])).toEqual([2, 2, 6, 6])
  })

  it('are read from JSON, and the first that fits counts', async () => {
    const groups = JSON.parse(
      '[{ "params": "**.b", "scale": 0 }, { "params": "head.**", "solver": { "sgd": { "learningRate": 3 } } }, { "params": "**", "scale": 0.5 }]',
    ) as ParameterGroup[]
    expect(await moved(groups)).toEqual([1, 0, 6, 0])
  })

  it('go together with freezing', async () =>
    expect(await moved([{ params: 'head.**', scale: 0.5 }], { freeze: ['**.b'] })).toEqual([2, 0, 1, 0]))

  it('may take every parameter', async () =>
    expect(
      await moved([{ params: '**', solver: sgd({ learningRate: 3 }) }], { solver: chain(clipByGlobalNorm(1), adam({ learningRate: 1 })) }),
    ).toEqual([6, 6, 6, 6]))

  it('leave the reported learning rate that of the others', async () => {
    const run = await fitOrThrow({
      ...settings,
      solver: adam({ learningRate: exponentialDecay({ initValue: 0.5, transitionSteps: 1, decayRate: 0.5 }) }),
      groups: [
        { params: 'body.w', solver: sgd({ learningRate: 7 }) },
        { params: 'head.**', scale: 0.5 },
      ],
    })
    expect(run.history.steps.learningRate).toEqual([0.5, 0.25])
  })

  it('that do nothing, or make no sense, are refused', async () => {
    const failure = async (more: object): Promise<unknown> => {
      const result = await fit({ ...settings, ...more } as never)()
      return result._tag === 'Left' ? result.left : 'it succeeded'
    }
    expect(await failure({ groups: [{ params: 'bdy.**', scale: 1 }] })).toMatchObject({
      tag: 'SettingsError',
      message: "groups.0.params: expected a pattern of one of the parameters body.b, body.w, head.b, head.w, got 'bdy.**'",
    })
    expect(await failure({ groups: [{ params: '**' }] })).toMatchObject({ path: 'groups.0', tag: 'SettingsError' })
    expect(await failure({ groups: [{ params: '**', scale: -1 }] })).toMatchObject({ path: 'groups.0.scale' })
    expect(await failure({ groups: [{ params: '**', solver: { sgd: { learningRate: 'x' } } }] })).toMatchObject({
      tag: 'SpecError',
      path: 'groups.0.solver.sgd.learningRate',
    })
    expect(await failure({ freeze: ['hed.**'] })).toMatchObject({ tag: 'SettingsError', path: 'freeze' })
  })
})
