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
  sparsemax,
  tanh,
  tanhShrink,
} from './activations.ts'
export { LayerError, MissingKeyError } from './errors.ts'
export type { NnError } from './errors.ts'
export { fans } from './initializers/initializer.ts'
export type { Fans, Initializer, KernelLayout } from './initializers/initializer.ts'
export { dirac, identityMatrix, orthogonal, sparse } from './initializers/structured.ts'
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
export { attentionPooling, multiHeadAttention, scaledDotProductAttention } from './layers/attention.ts'
export type { AttentionInput, AttentionOptions, AttentionParams } from './layers/attention.ts'
export { batchNorm } from './layers/batch-norm.ts'
export type { BatchNormOptions, RunningStatistics } from './layers/batch-norm.ts'
export { gruCell, lstmCell, simpleCell } from './layers/cells.ts'
export type { Cell, CellOptions, CellParams, LstmCarry } from './layers/cells.ts'
export { conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d, separableConv2d } from './layers/convolution.ts'
export type { ConvOptions, ConvTransposeOptions } from './layers/convolution.ts'
export { dense } from './layers/dense.ts'
export type { DenseOptions, KernelAndBias } from './layers/dense.ts'
export { dropout, gaussianDropout, gaussianNoise, spatialDropout } from './layers/dropout.ts'
export { embedding, learnedPositions, sinusoidalPositions, withPaddingMask } from './layers/embedding.ts'
export type { EmbeddingParams } from './layers/embedding.ts'
export { flatten } from './layers/flatten.ts'
export { groupNorm, instanceNorm, layerNorm, rmsNorm } from './layers/normalization.ts'
export type { NormOptions, ScaleAndBias } from './layers/normalization.ts'
export {
  adaptiveAveragePooling,
  adaptiveMaxPooling,
  averagePooling,
  globalAveragePooling,
  globalMaxPooling,
  maxOverTime,
  maxPooling,
  meanOverTime,
  upsampling,
} from './layers/pooling.ts'
export type { PoolingOptions } from './layers/pooling.ts'
export { gru, lstm, recurrent, simpleRnn, unrollCell } from './layers/recurrent.ts'
export type { RecurrentOptions, UnrollOptions } from './layers/recurrent.ts'
export { residual } from './layers/residual.ts'
export { rotaryFrequencies, rotaryPositions } from './layers/rotary.ts'
export type { RotaryOptions, RotaryScaling } from './layers/rotary.ts'
export { sequential } from './layers/sequential.ts'
export type { Part, SequentialLayer } from './layers/sequential.ts'
export { decoderBlock, encoderBlock } from './layers/transformer.ts'
export type { DecoderBlockParams, DecoderInput, EncoderBlockParams, TransformerOptions } from './layers/transformer.ts'
export { binaryCrossEntropy, sigmoidBinaryCrossEntropy } from './losses/binary-cross-entropy.ts'
export { cosineDistance, cosineEmbeddingLoss, cosineSimilarity } from './losses/cosine.ts'
export type { CosineOptions } from './losses/cosine.ts'
export { categoricalCrossEntropy, polyLossCrossEntropy, smoothLabels, softmaxCrossEntropy } from './losses/cross-entropy.ts'
export type { CrossEntropyOptions } from './losses/cross-entropy.ts'
export { sigmoidFocalLoss, softmaxFocalLoss } from './losses/focal.ts'
export type { FocalOptions } from './losses/focal.ts'
export {
  categoricalHingeLoss,
  hingeEmbeddingLoss,
  hingeLoss,
  multiclassHingeLoss,
  multiclassPerceptronLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  perceptronLoss,
  softMarginLoss,
  squaredHingeLoss,
} from './losses/hinge.ts'
export { negativeLogLikelihood, softmaxCrossEntropyWithIntegerLabels } from './losses/integer-cross-entropy.ts'
export type { IntegerLabelOptions } from './losses/integer-cross-entropy.ts'
export { ctcLoss } from './losses/ctc.ts'
export type { CtcOptions } from './losses/ctc.ts'
export { generalizedKlDivergence, klDivergence, klDivergenceWithLogTargets } from './losses/kl-divergence.ts'
export type { DivergenceOptions } from './losses/kl-divergence.ts'
export { gaussianNegativeLogLikelihood, poissonLoss, poissonNegativeLogLikelihood } from './losses/likelihood.ts'
export { circleLoss, contrastiveLoss, ntxent, tripletMarginLoss } from './losses/metric-learning.ts'
export type { TripletOptions } from './losses/metric-learning.ts'
export { marginRankingLoss, rankingSoftmaxLoss } from './losses/ranking.ts'
export type { RankingOptions } from './losses/ranking.ts'
export { reduceLoss } from './losses/reduction.ts'
export type { LossOptions, Reduction } from './losses/reduction.ts'
export {
  absoluteError,
  epsilonInsensitiveLoss,
  huberLoss,
  l2Loss,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  quantileLoss,
  smoothL1Loss,
  squaredError,
} from './losses/regression.ts'
export { binaryDiceLoss, diceLoss, multiclassGeneralizedDiceLoss, tverskyLoss } from './losses/segmentation.ts'
export type { DiceOptions } from './losses/segmentation.ts'
export { makeFenchelYoungLoss, multiclassSparsemaxLoss, sparsemaxLoss } from './losses/sparsemax.ts'
export { accuracy, binaryAccuracy, exactMatch, topKAccuracy } from './metrics/accuracy.ts'
export { bleu } from './metrics/bleu.ts'
export type { BleuState } from './metrics/bleu.ts'
export { confusionMatrix, fBeta, intersectionOverUnion, precision, recall } from './metrics/counts.ts'
export type { ClassAverage, ClassCounts, ClassMetricOptions, Confusion } from './metrics/counts.ts'
export {
  areaUnderCurve,
  precisionAtRecall,
  recallAtPrecision,
  sensitivityAtSpecificity,
  specificityAtSensitivity,
} from './metrics/curves.ts'
export type { CurveOptions, ScoreHistogram } from './metrics/curves.ts'
export { lossMetric, perplexity, rootMeanSquaredError, total } from './metrics/losses.ts'
export { addStates, mean, meanOf, sumMetric } from './metrics/metric.ts'
export type { MeanState, Metric } from './metrics/metric.ts'
export { concordanceCorrelation, pearsonCorrelation, r2Score } from './metrics/moments.ts'
export type { MomentOptions, Moments } from './metrics/moments.ts'
export { elasticPenalty, kernelsOnly, l1Penalty, l2Penalty, orthogonalPenalty } from './penalties.ts'
export type { PenaltyOptions } from './penalties.ts'
