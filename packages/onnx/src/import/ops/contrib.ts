import { add, mul, sigmoid } from '@grad-ts/tensor'
import { floatAttribute, optionalAt, tensorAt } from '../call.ts'
import type { Converter } from '../call.ts'
import { gelu } from './elementwise.ts'
import { fusedMatMul } from './linear.ts'
import { normalisations, rmsNorm, skipLayerNorm } from './normalise.ts'

const biasGelu: Converter = (call) => {
  const bias = optionalAt(call, 1)
  return gelu(bias === undefined ? tensorAt(call, 0) : add(tensorAt(call, 0), bias), false)
}

const fastGelu: Converter = (call) => {
  const bias = optionalAt(call, 1)
  return gelu(bias === undefined ? tensorAt(call, 0) : add(tensorAt(call, 0), bias), true)
}

const quickGelu: Converter = (call) => mul(tensorAt(call, 0), sigmoid(mul(tensorAt(call, 0), floatAttribute(call, 'alpha', 1.702))))

/** Operators that ONNX Runtime's optimiser writes. */
export const contrib: Readonly<Record<string, Converter>> = {
  BiasGelu: biasGelu,
  FastGelu: fastGelu,
  FusedMatMul: fusedMatMul,
  Gelu: biasGelu,
  LayerNormalization: normalisations['LayerNormalization'] as Converter,
  QuickGelu: quickGelu,
  SimplifiedLayerNormalization: rmsNorm,
  SkipLayerNormalization: skipLayerNorm,
}
