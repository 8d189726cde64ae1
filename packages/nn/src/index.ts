export {
  celu,
  elu,
  gelu,
  hardShrink,
  hardSigmoid,
  hardSilu,
  hardTanh,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  mish,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  snake,
  softmax,
  softplus,
  softShrink,
  softsign,
  tanh,
  tanhShrink,
} from './activations.ts'
export { fans } from './initializers/initializer.ts'
export type { Fans, Initializer, KernelLayout } from './initializers/initializer.ts'
export { constant, normal, ones, truncatedNormal, uniform, zeros } from './initializers/simple.ts'
export type { NormalSpread } from './initializers/simple.ts'
export {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
  varianceScaling,
} from './initializers/variance-scaling.ts'
export type { Distribution, FanMode } from './initializers/variance-scaling.ts'
export { lambda, statefulLayer, statelessLayer } from './layer.ts'
export type { Context, EvaluationContext, Layer, TensorFunction } from './layer.ts'
export { dense } from './layers/dense.ts'
export type { DenseOptions, KernelAndBias } from './layers/dense.ts'
export { flatten } from './layers/flatten.ts'
export { sequential } from './layers/sequential.ts'
export type { Part, SequentialLayer } from './layers/sequential.ts'
export { binaryCrossEntropy, sigmoidBinaryCrossEntropy } from './losses/binary-cross-entropy.ts'
export { categoricalCrossEntropy, smoothLabels, softmaxCrossEntropy, softmaxCrossEntropyWithIntegerLabels } from './losses/cross-entropy.ts'
export type { CrossEntropyOptions, IntegerLabelOptions } from './losses/cross-entropy.ts'
export { reduceLoss } from './losses/reduction.ts'
export type { LossOptions, Reduction } from './losses/reduction.ts'
export { meanSquaredError } from './losses/regression.ts'
export { accuracy, binaryAccuracy } from './metrics/accuracy.ts'
export { addStates, mean, meanOf, sumMetric } from './metrics/metric.ts'
export type { MeanState, Metric } from './metrics/metric.ts'
