export { cholesky, cross, determinant, inverse, kron, matrixPower, signAndLogDeterminant, solve, solveTriangular } from './algebra.ts'
export { normalizeAxes, normalizeAxis } from './axes.ts'
export type { Axes } from './axes.ts'
export { arange, asTensor, eye, full, input, ones, onesLike, scalar, tensor, unify, zeros, zerosLike } from './create.ts'
export type { NestedArray } from './create.ts'
export { allocate, dtypes, isFloat, roundTo, roundToFloat16 } from './dtype.ts'
export type { DType, FloatDType, TypedArray } from './dtype.ts'
export {
  abs,
  add,
  and,
  atan,
  barrier,
  cast,
  ceil,
  clamp,
  cos,
  div,
  equal,
  erf,
  erfInv,
  exp,
  expm1,
  floor,
  greater,
  greaterEqual,
  identity,
  isFinite,
  isNaN,
  less,
  lessEqual,
  log,
  log1p,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  not,
  notEqual,
  or,
  pow,
  reciprocal,
  relu,
  round,
  rsqrt,
  sigmoid,
  sign,
  sin,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  tanh,
  where,
  xor,
} from './elementwise.ts'
export { callerOf, DTypeError, EvaluationError, ShapeError, showOperand } from './errors.ts'
export { bind, evaluate, interpret, runGraph, toArray, toNumber } from './evaluate.ts'
export { closeOver, inline } from './body.ts'
export { rebuild, substitute, topologicalOrder, trace } from './graph.ts'
export type { Graph } from './graph.ts'
export { gather, oneHot, scatterAdd, scatterAddAlong, takeAlongAxis } from './indexing.ts'
export {
  broadcastTo,
  concat,
  expandDims,
  flip,
  pad,
  reshape,
  slice,
  sliceAxis,
  split,
  squeeze,
  stack,
  swapAxes,
  transpose,
} from './layout.ts'
export type { Range } from './layout.ts'
export { applyAlong, dot, matmul, outer } from './linear.ts'
export type { MatmulOptions } from './linear.ts'
export { conv, convTranspose } from './conv.ts'
export type { ConvOptions, ConvTransposeOptions } from './conv.ts'
export { einsum } from './einsum.ts'
export { adaptiveAvgPool, adaptiveMaxPool, avgPool, globalAvgPool, globalMaxPool, lpPool, maxPool } from './pool.ts'
export type { PoolOptions } from './pool.ts'
export { cummax, cummin, cumprod, logAddExp, logCumSumExp } from './prefix.ts'
export { padWith, repeat, roll, tile } from './repeat.ts'
export type { PadMode } from './repeat.ts'
export { resize } from './resize.ts'
export type { ResizeOptions } from './resize.ts'
export { logGamma, xLogY } from './special.ts'
export { diagonal, diagonalMatrix, lowerTriangle, tril, triu } from './triangle.ts'
export { acos, acosh, asin, asinh, atan2, atanh, cosh, sinh, tan } from './trigonometry.ts'
export type { Padding, PerAxis, WindowOptions } from './window.ts'
export type {
  Body,
  ConvolutionAttributes,
  None,
  OpAttributes,
  OpName,
  PoolAttributes,
  ReduceAttributes,
  WindowAttributes,
} from './ops/attributes.ts'
export { opNames } from './ops/table.ts'
export { randomRounds } from './ops/random.ts'
export { foldIn, key, randomBits, splitKey } from './random/keys.ts'
export { categorical, normal, permutation, truncatedNormal } from './random/normal.ts'
export type { NormalOptions } from './random/normal.ts'
export { bernoulli, dropout, uniform } from './random/uniform.ts'
export {
  absoluteSum,
  all,
  any,
  argMax,
  argMin,
  cumsum,
  logSoftmax,
  logSumExp,
  max,
  mean,
  min,
  norm,
  prod,
  softmax,
  sum,
  variance,
  vdot,
} from './reduce.ts'
export type { ReduceOptions } from './reduce.ts'
export { broadcastShapes, sameShape, showShape, sizeOf, stridesOf } from './shape.ts'
export type { Shape } from './shape.ts'
export { scan, unpackScan, unrollScan } from './scan.ts'
export type { ScanOptions } from './scan.ts'
export { argSort, sort, topK } from './sort.ts'
export type { SortOptions } from './sort.ts'
export { constantOf, isConstant, isTensor, node } from './tensor.ts'
export type { Constant, Operand, Tensor } from './tensor.ts'
export { verify } from './verify.ts'
