import type { Definition } from '../define.ts'
import { scaleByCocob } from '../adaptive/cocob.ts'
import { scaleByDog, scaleByDowg } from '../adaptive/dog.ts'
import { scaleByMadgrad } from '../adaptive/madgrad.ts'
import { mechanizeOf } from '../adaptive/mechanize.ts'
import { momo, momoAdam } from '../adaptive/momo.ts'
import { dadaptAdamw, prodigy } from '../adaptive/prodigy.ts'
import { scheduleFreeAdamw, scheduleFreeOf, scheduleFreeSgd } from '../adaptive/schedule-free.ts'
import { chainOf, namedChainOf } from '../combine/chain.ts'
import { greedyScale } from '../feedback/greedy.ts'
import { decayByAverageLoss, reduceOnPlateau } from '../feedback/reduce-on-plateau.ts'
import { resetOnSaturationOf } from '../feedback/reset-on-saturation.ts'
import { acprop } from '../optimizers/acprop.ts'
import { adabelief } from '../optimizers/adabelief.ts'
import { adadelta } from '../optimizers/adadelta.ts'
import { adafactor } from '../optimizers/adafactor.ts'
import { adagrad } from '../optimizers/adagrad.ts'
import { adam, adamw } from '../optimizers/adam.ts'
import { adamax, adamaxw } from '../optimizers/adamax.ts'
import { adan } from '../optimizers/adan.ts'
import { ademamix } from '../optimizers/ademamix.ts'
import { adopt } from '../optimizers/adopt.ts'
import { amsgrad } from '../optimizers/amsgrad.ts'
import { asgd } from '../optimizers/asgd.ts'
import { cocob } from '../optimizers/cocob.ts'
import { dog } from '../optimizers/dog.ts'
import { dowg } from '../optimizers/dowg.ts'
import { differentiallyPrivateAggregate, dpsgd } from '../optimizers/dpsgd.ts'
import { fromage } from '../optimizers/fromage.ts'
import { ftrl } from '../optimizers/ftrl.ts'
import { lamb } from '../optimizers/lamb.ts'
import { lars } from '../optimizers/lars.ts'
import { lion } from '../optimizers/lion.ts'
import { madgrad } from '../optimizers/madgrad.ts'
import { muon, scaleByMuon } from '../optimizers/muon.ts'
import { nadam, nadamw } from '../optimizers/nadam.ts'
import { noisySgd } from '../optimizers/noisy-sgd.ts'
import { novograd } from '../optimizers/novograd.ts'
import { optimisticAdam, optimisticGradientDescent } from '../optimizers/optimistic.ts'
import { polyakSgd } from '../optimizers/polyak-sgd.ts'
import { radam } from '../optimizers/radam.ts'
import { rmsprop } from '../optimizers/rmsprop.ts'
import { rprop } from '../optimizers/rprop.ts'
import { sgd } from '../optimizers/sgd.ts'
import { signSgd, signum } from '../optimizers/sign.ts'
import { simplifiedAdemamix } from '../optimizers/simplified-ademamix.ts'
import { sm3 } from '../optimizers/sm3.ts'
import { sophia } from '../optimizers/sophia.ts'
import { yogi } from '../optimizers/yogi.ts'
import { addDecayedWeightsOf } from '../transforms/add-decayed-weights.ts'
import { addNoise } from '../transforms/add-noise.ts'
import { applyEveryOf } from '../transforms/apply-every.ts'
import { centralize } from '../transforms/centralize.ts'
import { adaptiveGradClipOf, clipByBlockRmsOf, clipByGlobalNormOf, clipOf, normalizeByUpdateNorm } from '../transforms/clip.ts'
import { keepParamsNonnegative, projectParamsOf, zeroNans } from '../transforms/constraints.ts'
import { emaOf } from '../transforms/ema.ts'
import { normalize } from '../transforms/normalize.ts'
import { scaleByAcprop } from '../transforms/scale-by-acprop.ts'
import { scaleByAdadelta } from '../transforms/scale-by-adadelta.ts'
import { scaleByAdam } from '../transforms/scale-by-adam.ts'
import { scaleByAdamax } from '../transforms/scale-by-adamax.ts'
import { scaleByAdan } from '../transforms/scale-by-adan.ts'
import { scaleByAdemamix, scaleBySimplifiedAdemamix } from '../transforms/scale-by-ademamix.ts'
import { scaleByAdopt } from '../transforms/scale-by-adopt.ts'
import { scaleByAmsgrad } from '../transforms/scale-by-amsgrad.ts'
import { scaleByBelief } from '../transforms/scale-by-belief.ts'
import { scaleByDistanceOverGradients } from '../transforms/scale-by-distance-over-gradients.ts'
import { scaleByFactoredRms } from '../transforms/scale-by-factored-rms.ts'
import { scaleByLion } from '../transforms/scale-by-lion.ts'
import { scaleByNovograd } from '../transforms/scale-by-novograd.ts'
import { scaleByOptimisticGradient } from '../transforms/scale-by-optimistic-gradient.ts'
import { scaleByPolyak } from '../transforms/scale-by-polyak.ts'
import { scaleByRadam } from '../transforms/scale-by-radam.ts'
import { scaleByRms, scaleByStddev } from '../transforms/scale-by-rms.ts'
import { scaleByRprop } from '../transforms/scale-by-rprop.ts'
import { scaleByRss } from '../transforms/scale-by-rss.ts'
import { scaleByLearningRateOf, scaleByScheduleOf } from '../transforms/scale-by-schedule.ts'
import { scaleBySign } from '../transforms/scale-by-sign.ts'
import { scaleBySm3 } from '../transforms/scale-by-sm3.ts'
import { scaleBySophia } from '../transforms/scale-by-sophia.ts'
import { scaleByYogi } from '../transforms/scale-by-yogi.ts'
import { identityOf, scaleOf, setToZeroOf } from '../transforms/stateless.ts'
import { dampedTrace, traceOf } from '../transforms/trace.ts'
import { scaleByParamBlockNorm, scaleByParamBlockRms, scaleByTrustRatio } from '../transforms/trust-ratio.ts'
import { applyIfFiniteOf } from '../wrappers/apply-if-finite.ts'
import { conditionallyMaskOf, conditionallyTransformOf } from '../wrappers/conditionally.ts'
import { flattenOf } from '../wrappers/flatten.ts'
import { guardNonFiniteOf } from '../wrappers/guard-non-finite.ts'
import { lookaheadOf } from '../wrappers/lookahead.ts'
import { dynamicLossScaleOf, staticLossScaleOf } from '../wrappers/loss-scale.ts'
import { freezeOf, maskedOf, partitionOf, selectiveTransformOf } from '../wrappers/masked.ts'
import { monitorOf } from '../wrappers/monitor.ts'
import { multiStepsOf } from '../wrappers/multi-steps.ts'
import { samOf } from '../wrappers/sam.ts'

/** Every transformation and optimizer by its name in specs. */
export const transformationTable: Readonly<Record<string, Definition>> = {
  acprop: acprop.definition,
  adabelief: adabelief.definition,
  adadelta: adadelta.definition,
  adafactor: adafactor.definition,
  adagrad: adagrad.definition,
  adam: adam.definition,
  adamax: adamax.definition,
  adamaxw: adamaxw.definition,
  adamw: adamw.definition,
  adan: adan.definition,
  adaptiveGradClip: adaptiveGradClipOf.definition,
  addDecayedWeights: addDecayedWeightsOf.definition,
  addNoise: addNoise.definition,
  ademamix: ademamix.definition,
  adopt: adopt.definition,
  amsgrad: amsgrad.definition,
  applyEvery: applyEveryOf.definition,
  applyIfFinite: applyIfFiniteOf.definition,
  asgd: asgd.definition,
  centralize: centralize.definition,
  chain: chainOf.definition,
  clip: clipOf.definition,
  clipByBlockRms: clipByBlockRmsOf.definition,
  clipByGlobalNorm: clipByGlobalNormOf.definition,
  cocob: cocob.definition,
  conditionallyMask: conditionallyMaskOf.definition,
  conditionallyTransform: conditionallyTransformOf.definition,
  dadaptAdamw: dadaptAdamw.definition,
  dampedTrace: dampedTrace.definition,
  decayByAverageLoss: decayByAverageLoss.definition,
  differentiallyPrivateAggregate: differentiallyPrivateAggregate.definition,
  dog: dog.definition,
  dowg: dowg.definition,
  dpsgd: dpsgd.definition,
  dynamicLossScale: dynamicLossScaleOf.definition,
  ema: emaOf.definition,
  flatten: flattenOf.definition,
  freeze: freezeOf.definition,
  fromage: fromage.definition,
  ftrl: ftrl.definition,
  greedyScale: greedyScale.definition,
  guardNonFinite: guardNonFiniteOf.definition,
  identity: identityOf.definition,
  keepParamsNonnegative: keepParamsNonnegative.definition,
  lamb: lamb.definition,
  lars: lars.definition,
  lion: lion.definition,
  lookahead: lookaheadOf.definition,
  madgrad: madgrad.definition,
  masked: maskedOf.definition,
  mechanize: mechanizeOf.definition,
  momo: momo.definition,
  momoAdam: momoAdam.definition,
  monitor: monitorOf.definition,
  multiSteps: multiStepsOf.definition,
  muon: muon.definition,
  nadam: nadam.definition,
  nadamw: nadamw.definition,
  namedChain: namedChainOf.definition,
  noisySgd: noisySgd.definition,
  normalize: normalize.definition,
  normalizeByUpdateNorm: normalizeByUpdateNorm.definition,
  novograd: novograd.definition,
  optimisticAdam: optimisticAdam.definition,
  optimisticGradientDescent: optimisticGradientDescent.definition,
  partition: partitionOf.definition,
  polyakSgd: polyakSgd.definition,
  prodigy: prodigy.definition,
  projectParams: projectParamsOf.definition,
  radam: radam.definition,
  reduceOnPlateau: reduceOnPlateau.definition,
  resetOnSaturation: resetOnSaturationOf.definition,
  rmsprop: rmsprop.definition,
  rprop: rprop.definition,
  sam: samOf.definition,
  scale: scaleOf.definition,
  scaleByAcprop: scaleByAcprop.definition,
  scaleByAdadelta: scaleByAdadelta.definition,
  scaleByAdam: scaleByAdam.definition,
  scaleByAdamax: scaleByAdamax.definition,
  scaleByAdan: scaleByAdan.definition,
  scaleByAdemamix: scaleByAdemamix.definition,
  scaleByAdopt: scaleByAdopt.definition,
  scaleByAmsgrad: scaleByAmsgrad.definition,
  scaleByBelief: scaleByBelief.definition,
  scaleByCocob: scaleByCocob.definition,
  scaleByDistanceOverGradients: scaleByDistanceOverGradients.definition,
  scaleByDog: scaleByDog.definition,
  scaleByDowg: scaleByDowg.definition,
  scaleByFactoredRms: scaleByFactoredRms.definition,
  scaleByLearningRate: scaleByLearningRateOf.definition,
  scaleByLion: scaleByLion.definition,
  scaleByMadgrad: scaleByMadgrad.definition,
  scaleByMuon: scaleByMuon.definition,
  scaleByNovograd: scaleByNovograd.definition,
  scaleByOptimisticGradient: scaleByOptimisticGradient.definition,
  scaleByParamBlockNorm: scaleByParamBlockNorm.definition,
  scaleByParamBlockRms: scaleByParamBlockRms.definition,
  scaleByPolyak: scaleByPolyak.definition,
  scaleByRadam: scaleByRadam.definition,
  scaleByRms: scaleByRms.definition,
  scaleByRprop: scaleByRprop.definition,
  scaleByRss: scaleByRss.definition,
  scaleBySchedule: scaleByScheduleOf.definition,
  scaleBySign: scaleBySign.definition,
  scaleBySimplifiedAdemamix: scaleBySimplifiedAdemamix.definition,
  scaleBySm3: scaleBySm3.definition,
  scaleBySophia: scaleBySophia.definition,
  scaleByStddev: scaleByStddev.definition,
  scaleByTrustRatio: scaleByTrustRatio.definition,
  scaleByYogi: scaleByYogi.definition,
  scheduleFree: scheduleFreeOf.definition,
  scheduleFreeAdamw: scheduleFreeAdamw.definition,
  scheduleFreeSgd: scheduleFreeSgd.definition,
  selectiveTransform: selectiveTransformOf.definition,
  setToZero: setToZeroOf.definition,
  sgd: sgd.definition,
  signSgd: signSgd.definition,
  signum: signum.definition,
  simplifiedAdemamix: simplifiedAdemamix.definition,
  sm3: sm3.definition,
  sophia: sophia.definition,
  staticLossScale: staticLossScaleOf.definition,
  trace: traceOf.definition,
  yogi: yogi.definition,
  zeroNans: zeroNans.definition,
}
