import { leaves, unflatten } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { node as makeNode, topologicalOrder } from '@grad-ts/tensor'
import type { Graph, Tensor } from '@grad-ts/tensor'
import { simplifyAlgebra } from './algebra.ts'
import { withoutBroadcasts } from './broadcast.ts'
import { createPool } from './common.ts'
import type { Pool } from './common.ts'
import { foldConstants } from './fold.ts'
import { withoutIdentities } from './identity.ts'
import { foldTransposes } from './matrices.ts'
import type { Rewrite } from './rule.ts'

const rewrites = {
  identities: withoutIdentities,
  constants: foldConstants,
  algebra: simplifyAlgebra,
  broadcasts: withoutBroadcasts,
  transposes: foldTransposes,
} as const satisfies Readonly<Record<string, Rewrite>>

/** What the compiler does to a graph before it writes it; `common` merges nodes that compute the same. */
export type PassName = keyof typeof rewrites | 'common'

export const passNames: readonly PassName[] = [...(Object.keys(rewrites) as (keyof typeof rewrites)[]), 'common']

// Every rewrite makes a node smaller or moves it towards a normal form; the bound only guards against a mistake in one.
const maximalRewrites = 32

const settled = (node: Tensor, chosen: readonly Rewrite[], { keep, make }: Pool): Tensor => {
  let current = keep(node)
  for (let i = 0; i < maximalRewrites; i++) {
    const simpler = chosen.reduce<Tensor | undefined>((found, rewrite) => found ?? rewrite(current, make), undefined)
    if (simpler === undefined) return current
    current = keep(simpler)
  }
  return current
}

/**
 * Rewrites a traced graph into a smaller one that computes the same numbers. What no output needs is left out.
 *
 * @param graph as `trace` gives it; its inputs stay as they are
 * @param passes which rewrites to use (default: all)
 */
export const optimizeGraph = <Inputs extends Tree<Tensor>, Outputs extends Tree<Tensor>>(
  graph: Graph<Inputs, Outputs>,
  passes: readonly PassName[] = passNames,
): Graph<Inputs, Outputs> => {
  const pool = createPool(passes.includes('common'))
  const chosen = Object.entries(rewrites).flatMap(([name, rewrite]) => (passes.includes(name as PassName) ? [rewrite] : []))
  const outputs = leaves<Tensor>(graph.outputs)
  const known = new Map<Tensor, Tensor>()
  for (const node of topologicalOrder(outputs)) {
    const inputs = node.inputs.map((operand) => known.get(operand) as Tensor)
    const current = inputs.every((operand, i) => operand === node.inputs[i]) ? node : makeNode(node.op, inputs, node.attributes)
    known.set(node, settled(current, chosen, pool))
  }
  const simplified = outputs.map((output) => known.get(output) as Tensor)
  return { inputs: graph.inputs, outputs: unflatten(graph.outputs, simplified) as Outputs }
}
