import { softmax } from '@grad-ts/nn'
import { evaluate, reshape, slice } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { reportOf } from '@grad-ts/trainer/report'
import type { History } from '@grad-ts/trainer'
import type { Sample } from '@grad-ts/trainer/report'
import type { Digit } from './mnist.ts'

const names = Array.from({ length: 10 }, (_, digit) => String(digit))

/** The largest of the ten outputs for each image. */
export const readings = ({ attributes: { data } }: Constant): number[] =>
  Array.from({ length: data.length / 10 }, (_, i) => {
    const row = data.subarray(10 * i, 10 * i + 10)
    return row.indexOf(Math.max(...row))
  })

/** counts[true digit][digit read] */
const confusionOf = (truths: ArrayLike<number>, read: readonly number[]): number[][] => {
  const counts = names.map(() => names.map(() => 0))
  read.forEach((digit, i) => ((counts[truths[i] as number] as number[])[digit] as number)++)
  return counts
}

/** The mistakes that the model was surest of. */
const worstMistakes = ({ x, y }: Digit, read: readonly number[], logits: Constant): Sample[] => {
  const shares = (evaluate(softmax(logits)) as Constant).attributes.data
  const sureness = (i: number): number => shares[10 * i + (read[i] as number)] as number
  const wrong = read.flatMap((digit, i) => (digit === y.attributes.data[i] ? [] : [i])).sort((a, b) => sureness(b) - sureness(a))
  return wrong.slice(0, 24).map((i) => ({
    image: reshape(slice(x, [{ start: i, end: i + 1 }]), [28, 28]),
    caption: `a ${y.attributes.data[i]}, read as ${read[i]} (${Math.round(100 * sureness(i))} % sure)`,
  }))
}

/** Makes the page about a trained model. */
export const digitsReport = (history: History, test: Digit, logits: Constant, facts: Readonly<Record<string, string>>): string => {
  const read = readings(logits)
  return reportOf({
    title: 'Handwritten digits',
    note: 'A dense network 784-256-128-10 that learned to read the 60,000 training images of MNIST. Validation is the 10,000 test images.',
    history,
    facts: Object.entries(facts).map(([name, value]) => ({ name, value })),
    confusion: { counts: confusionOf(test.y.attributes.data, read), names },
    samples: { title: 'The surest mistakes on the test images', items: worstMistakes(test, read, logits) },
  })
}
