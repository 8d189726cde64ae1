// Recommends films: ratings become the product of what users like and what films have (matrix factorisation with biases).
// The ratings are made here, from hidden tastes and noise, so that it is known how well they can be predicted at all.

import { join } from 'node:path'
import { adam } from '@grad-ts/optim'
import { add, evaluate, foldIn, gather, key, mul, normal, scalar, square, sub, sum, tensor, uniform, zeros } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { fitOrThrow, fromColumns, progressBar, runProgram, splitDataset, writeAtomicallyOrThrow } from '@grad-ts/trainer'
import { reportOf, scatterChart } from '@grad-ts/trainer/report'

const [users, films, tastes, ratings] = [600, 200, 4, 24_000] as const
const noise = 0.4

const drawn = (seed: number, shape: readonly number[], stddev = 1): Float32Array =>
  (evaluate(normal(foldIn(key(11), seed), shape, { stddev })) as Constant).attributes.data as Float32Array

const whole = (seed: number, count: number, below: number): Int32Array =>
  Int32Array.from((evaluate(uniform(foldIn(key(11), seed), [count])) as Constant).attributes.data, (share) => Math.floor(share * below))

/** Ratings from 1 to 5 of random pairs; what a user likes and a film has is hidden from the model. */
const makeRatings = () => {
  const [likes, has, kindness, quality, luck] = [
    drawn(0, [users, tastes], 0.6),
    drawn(1, [films, tastes], 0.6),
    drawn(2, [users], 0.4),
    drawn(3, [films], 0.5),
    drawn(4, [ratings], noise),
  ] as const
  const [user, film] = [whole(5, ratings, users), whole(6, ratings, films)]
  const clean = (u: number, f: number): number => {
    let match = 3.3 + (kindness[u] as number) + (quality[f] as number)
    for (let i = 0; i < tastes; i++) match += (likes[u * tastes + i] as number) * (has[f * tastes + i] as number)
    return match
  }
  const rating = Float32Array.from(user, (u, i) => Math.min(5, Math.max(1, clean(u, film[i] as number) + (luck[i] as number))))
  return { data: fromColumns({ user: tensor(user), film: tensor(film), rating: tensor(rating) }), clean }
}

type Params = Readonly<Record<'likes' | 'has' | 'kindness' | 'quality' | 'mean', Tensor>>
type Rating = Readonly<Record<'user' | 'film' | 'rating', Tensor>>

const start: Params = {
  likes: evaluate(normal(key(1), [users, tastes], { stddev: 0.1 })) as Tensor,
  has: evaluate(normal(key(2), [films, tastes], { stddev: 0.1 })) as Tensor,
  kindness: zeros([users]),
  quality: zeros([films]),
  mean: scalar(3),
}

const predicted = ({ likes, has, kindness, quality, mean }: Params, { user, film }: Rating): Tensor =>
  add(add(mean, add(gather(kindness, user), gather(quality, film))), sum(mul(gather(likes, user), gather(has, film)), { axes: 1 }))

const loss = (params: Params, batch: Rating): Tensor => square(sub(predicted(params, batch), batch.rating))

/** Keeps tastes small: a penalty in the loss, for the rows that a batch may leave alone for long. */
const penalty = ({ likes, has }: Params): Tensor => mul(add(sum(square(likes)), sum(square(has))), 4e-5)

await runProgram(async (signal) => {
  const { data, clean } = makeRatings()
  const [training, test] = splitDataset(0.9, data, { key: key(3) })
  const run = await fitOrThrow({
    params: start,
    loss,
    penalty,
    data: training,
    validation: { data: test },
    solver: adam({ learningRate: 0.01 }),
    epochs: 25,
    batchSize: 256,
    observers: [progressBar()],
    signal,
  })
  const held = test.rows(Int32Array.from({ length: test.size }, (_, i) => i))
  const guesses = (evaluate(predicted(run.params, held)) as Constant).attributes.data
  const truths = [...held.rating.attributes.data]
  const mean = truths.reduce((total, value) => total + value, 0) / truths.length
  const error = (guess: (i: number) => number): number =>
    Math.sqrt(truths.reduce((total, value, i) => total + (value - guess(i)) ** 2, 0) / truths.length)
  const [model, baseline] = [error((i) => guesses[i] as number), error(() => mean)]

  const everyFilm = {
    user: tensor(new Int32Array(films)),
    film: tensor(Int32Array.from({ length: films }, (_, i) => i)),
    rating: zeros([films]),
  }
  const scores = (evaluate(predicted(run.params, everyFilm)) as Constant).attributes.data
  const best = [...scores.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number)).slice(0, 5)
  const report = reportOf({
    title: 'Recommendation',
    note: `${users} users, ${films} films, ${ratings} ratings with noise of ${noise}; loss is the squared error in stars.`,
    history: run.history,
    facts: [
      { name: 'error of the model, stars', value: model.toFixed(3) },
      { name: 'error of always saying the mean', value: baseline.toFixed(3) },
    ],
    sections: [
      {
        title: 'Predicted over given ratings, held out',
        body: scatterChart(
          truths.slice(0, 800).map((x, i) => ({ x, y: guesses[i] as number })),
          { x: 'given', y: 'predicted', diagonal: true },
        ),
      },
    ],
  })
  await writeAtomicallyOrThrow(join('out', 'recommendation', 'report.html'), report)
  console.log(
    `for user 0: ${best.map((film) => `film ${film} (${(scores[film] as number).toFixed(1)}, truly ${clean(0, film).toFixed(1)})`).join(', ')}`,
  )
  console.log(
    `off by ${model.toFixed(3)} stars on held-out ratings; always saying the mean is off by ${baseline.toFixed(3)}, the noise alone by ${noise}`,
  )
})
