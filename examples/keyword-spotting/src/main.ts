// Tells six spoken keywords apart. The words are synthesised: a buzzing voice whose three resonances glide from vowel to vowel,
// at random pitch, speed, loudness and moment, in noise. The network sees log spectra, 10 ms apart.

import { join } from 'node:path'
import {
  accuracy,
  confusionMatrix,
  conv1d,
  dense,
  globalMaxPooling,
  maxPooling,
  relu,
  sequential,
  softmaxCrossEntropyWithIntegerLabels,
} from '@grad-ts/nn'
import { adam, cosineDecay } from '@grad-ts/optim'
import { toArray } from '@grad-ts/tensor'
import { fitOrThrow, predictOrThrow, progressBar, runProgram, writeAtomicallyOrThrow } from '@grad-ts/trainer'
import { reportOf } from '@grad-ts/trainer/report'
import { bands, speakers, words } from './voices.ts'

const model = sequential({
  first: conv1d({ in: bands, out: 24, kernel: 5, padding: 'same' }),
  relu,
  pool: maxPooling({ kernel: 2 }),
  second: conv1d({ in: 24, out: 32, kernel: 5, padding: 'same' }),
  again: relu,
  strongest: globalMaxPooling(),
  word: dense({ in: 32, out: words.length }),
})

await runProgram(async (signal) => {
  const [training, test] = [speakers(720, 1), speakers(240, 2)]
  const run = await fitOrThrow({
    model,
    loss: softmaxCrossEntropyWithIntegerLabels,
    metrics: { accuracy: accuracy() },
    data: training,
    validation: { data: test },
    solver: adam({ learningRate: cosineDecay({ initValue: 0.005, transitionSteps: 15 * 23 }) }),
    epochs: 15,
    observers: [progressBar()],
    signal,
  })
  const { x, y } = test.rows(Int32Array.from({ length: test.size }, (_, i) => i))
  const matrix = confusionMatrix({ classes: words.length })
  const outputs = await predictOrThrow({ model, params: run.params, inputs: x })
  const counts = toArray(matrix.result(matrix.update(matrix.empty, outputs, y))) as number[][]
  const reached = run.history.epochs.at(-1)?.validation?.metrics['accuracy'] ?? 0
  const report = reportOf({
    title: 'Keyword spotting',
    note: 'Six synthesised words by voices of random pitch, speed, loudness and length of throat; tested on voices it never heard.',
    history: run.history,
    facts: [{ name: 'test accuracy', value: `${(100 * reached).toFixed(1)} %` }],
    confusion: { counts, names: words },
  })
  await writeAtomicallyOrThrow(join('out', 'keyword-spotting', 'report.html'), report)
  console.log(`recognises ${(100 * reached).toFixed(1)} % of ${test.size} words by new voices`)
  if (reached < 0.9) throw new Error('it learned too little')
})
