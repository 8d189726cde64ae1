import { expect, test } from 'vitest'
import { evaluate, tensor, toArray } from '@grad-ts/tensor'
import { Interpreter } from '../../../src/golden/gradients/python/run.ts'
import { Box } from '../../../src/golden/gradients/python/values.ts'
import { torchLibrary } from '../../../src/golden/gradients/torch/library.ts'

const run = (source: string): unknown => {
  const x = new Box(
    tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { dtype: 'float64' },
    ),
  )
  const out = new Interpreter(torchLibrary({ float: 'float64', known: evaluate })).run(source, new Map([['x', x]])).get('out')
  return out instanceof Box ? toArray(out.value) : out
}

test.each([
  ['out = 2 ** -1 + -3 ** 2', -8.5],
  ['out = 7 // 2 + 7 % 4 - -7 // 2', 10],
  ['out = 1 if 2 < 3 <= 3 and not False else 0', 1],
  ['a, (b, *c) = 1, [2, 3, 4]\nout = [a, b, c]', [1, 2, [3, 4]]],
  ['out = [i * j for i, j in zip(range(3), [1, 2, 3]) if i > 0]', [2, 6]],
  ['def f(n):\n    if n <= 1:\n        return 1\n    return n * f(n - 1)\nout = f(5)', 120],
  ['out = 0\nwhile out < 5: out += 2', 6],
  ["d = {'a': 1}\nd['b'] = 2\nout = [d['a'], d['b']]", [1, 2]],
  ['l = [3, 1]\nl.append(2)\nout = l[::-1]', [2, 1, 3]],
  ['out = x.shape[-1]; y = 1', 3],
  ['out = (lambda a, b=2: a * b)(4)', 8],
  ['# nothing\nout = (x[0, 1:] +\n       x[1, :2])', [6, 8]],
  [
    'y = x.clone()\ny[0] *= 2\nout = y',
    [
      [2, 4, 6],
      [4, 5, 6],
    ],
  ],
  ['y = x\ny += 1\nout = x[..., -1]', [4, 7]],
  ['out = x[x > 2]', [3, 4, 5, 6]],
  ['out = x[:, None, [2, 0]].shape', [2, 1, 2]],
  ['out = torch.ones(2, dtype=torch.bool) & torch.tensor([True, False])', [true, false]],
  ['import math\nwith torch.no_grad():\n    out = math.floor(math.pi)', 3],
] as const)('%s', (source, expected) => {
  expect(run(source)).toEqual(expected)
})

test('mistakes are named', () => {
  expect(() => run('out = (x')).toThrowError("expected ')', got")
  expect(() => run('out = y')).toThrowError("the name 'y' is not known")
  expect(() => run('out = torch.sum(x, dims=1, foo=2)')).toThrowError("sum: unknown argument 'foo'")
  expect(() => run('out = x ? 1')).toThrowError("line 1: cannot read '? 1'")
})
