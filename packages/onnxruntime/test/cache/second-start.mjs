// A program that trains a few steps and tells where its graph came from: what a user's second start is.
import { createHash } from 'node:crypto'
import { compileOrThrow, compileStepOrThrow } from '@grad-ts/onnxruntime'
import { add, matmul, mean, mul, square, sub, sum, tanh, tensor } from '@grad-ts/tensor'
import { leaves } from '@grad-ts/tree'

const { cache, rate = 0.1, options = {} } = JSON.parse(process.argv[2])
const step = ({ w, m }, { x, y }) => {
  const error = sub(tanh(matmul(x, w)), y)
  const gradient = matmul(x, error, { transposeA: true })
  const moment = add(mul(m, 0.9), gradient)
  return [{ w: sub(w, mul(moment, rate)), m: moment }, mean(square(error))]
}
const w = tensor(
  Array.from({ length: 12 }, (_, i) => Math.sin(i)),
  { shape: [4, 3] },
)
const batch = {
  x: tensor(
    Array.from({ length: 20 }, (_, i) => Math.cos(i)),
    { shape: [5, 4] },
  ),
  y: tensor(Array(15).fill(0.5), { shape: [5, 3] }),
}
const program = await compileStepOrThrow(step, { w, m: w }, batch, { cache, threads: 1, ...options })
for (let i = 0; i < 5; i++) await program.runOrThrow(batch)
const hash = createHash('sha256')
for (const { attributes } of leaves(await program.stateOrThrow())) hash.update(attributes.data)
const total = await compileOrThrow((x) => mul(sum(x), rate), [w], { cache, threads: 1 })
console.log(JSON.stringify({ step: program.origin, fn: total.origin, bits: hash.digest('hex') }))
await program.dispose()
await total.dispose()
