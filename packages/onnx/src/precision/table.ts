import type { OpName } from '@grad-ts/tensor'

/**
 * What an op does with float32 operands in mixed precision.
 *
 * - `product`: computes in float16; operands are rounded first.
 * - `exact`: moves or picks numbers and rounds nothing, so that it takes what its operands are.
 * - `between`: rounds. Computes in float16 on the way from one product to the next, elsewhere in float32.
 * - `float32`: needs the range or the digits.
 * - `reads`: gives something else than floats, from operands as they are.
 * - `first`: passes the first operand on and only waits for the others.
 * - `cast`: decides by the dtypes it stands between.
 * - `body`: holds a graph of its own, to which all this applies.
 * - `source`: has no operands.
 */
export type PrecisionRole = 'product' | 'exact' | 'between' | 'float32' | 'reads' | 'first' | 'cast' | 'body' | 'source'

/** The role of every op. A missing row does not compile. */
export const precisionRoles: Readonly<Record<OpName, PrecisionRole>> = {
  input: 'source',
  constant: 'source',
  identity: 'exact',
  stopGradient: 'exact',
  barrier: 'first',

  neg: 'exact',
  abs: 'exact',
  sign: 'between',
  floor: 'between',
  ceil: 'between',
  round: 'between',
  exp: 'float32',
  expm1: 'float32',
  log: 'float32',
  log1p: 'float32',
  sqrt: 'float32',
  reciprocal: 'float32',
  sin: 'float32',
  cos: 'float32',
  tanh: 'between',
  erf: 'between',
  erfInv: 'float32',
  atan: 'float32',
  sigmoid: 'between',
  softplus: 'float32',
  relu: 'exact',
  isNaN: 'reads',
  not: 'reads',

  add: 'between',
  sub: 'between',
  mul: 'between',
  // Only by a constant that is not small: see `isSafeDivision`.
  div: 'between',
  pow: 'float32',
  maximum: 'exact',
  minimum: 'exact',
  mod: 'float32',
  equal: 'reads',
  less: 'reads',
  lessEqual: 'reads',
  and: 'reads',
  or: 'reads',
  where: 'exact',
  cast: 'cast',

  sum: 'float32',
  max: 'exact',
  min: 'exact',
  prod: 'float32',
  argMax: 'float32',
  argMin: 'float32',
  softmax: 'float32',
  logSoftmax: 'float32',
  cumsum: 'float32',

  matmul: 'product',

  reshape: 'exact',
  broadcastTo: 'exact',
  transpose: 'exact',
  concat: 'exact',
  slice: 'exact',
  pad: 'exact',

  gather: 'exact',
  scatterAdd: 'float32',
  gatherAlong: 'exact',
  scatterAddAlong: 'float32',

  conv: 'product',
  convInputGradient: 'product',
  convKernelGradient: 'product',
  maxPool: 'exact',
  maxPoolIndices: 'reads',

  scan: 'body',
  checkpoint: 'first',

  randomBits: 'reads',
  topK: 'float32',
}
