import { describe, expect, test } from 'vitest'
import { cut, digits, same, throws } from './same.mjs'
import { fromMarkdown, fromSource } from './extract.mjs'
import { transform } from './transform.mjs'

describe('extraction', () => {
  test('takes plain and fenced examples of exports, and nothing else', () => {
    const source = [
      '/**',
      ' * One.',
      ' * @example',
      ' * one() // => 1',
      ' * @see two',
      ' */',
      'export const one = () => 1',
      '/** @example hidden() */',
      'const hidden = () => 1',
      '/**',
      ' * @example A title',
      ' * ```ts no-run',
      ' * two(/* x *\\/)',
      ' * ```',
      ' * ```sh',
      ' * npm start',
      ' * ```',
      ' */',
      'export function two() {}',
    ].join('\n')
    expect(fromSource(source)).toEqual([
      { line: 3, name: 'one', code: expect.stringContaining('one() // => 1'), run: true },
      { line: 12, name: 'two', code: 'two(/* x */)\n', run: false },
    ])
  })

  test('takes the ts blocks of Markdown', () => {
    expect(fromMarkdown('# a\n\n```ts\na()\n```\n```sh\nb\n```\n```ts no-run\nc()\n```\n')).toEqual([
      { line: 3, name: 'example', code: 'a()\n', run: true },
      { line: 9, name: 'example', code: 'c()\n', run: false },
    ])
  })
})

describe('transformation', () => {
  test.each([
    ['f() // => 1', "__doc.same([f()], [__doc.digits('1')]);"],
    ['const x = f() // => [-0.5]', "const x = f(); __doc.same([x], [[__doc.digits('-0.5')]]);"],
    ["console.log(a, b) // => 'a', true", "__doc.same([a, b], ['a', true]);"],
    ['f()\n// => {\n//   a: 0.12…,\n// }', "__doc.same([f()], [{\n   a: __doc.cut('0.12'),\n }]);"],
    ['await f() // => Float32Array(1) [2]', "__doc.same([await f()], [[__doc.digits('2')]]);"],
    ['f(0) // throws ShapeError', '__doc.throws(async () => (f(0)), "ShapeError");'],
  ])('%s', (code, body) => {
    expect(transform(code).body).toContain(body)
  })

  test('takes imports out', () => {
    const { imports, body } = transform("import { a, type B as C } from 'x'\nimport * as y from 'y'\na(y)")
    expect(body).toBe('a(y)')
    expect(imports).toEqual([
      { from: 'x', imported: 'a', local: 'a', type: false },
      { from: 'x', imported: 'B', local: 'C', type: true },
      { from: 'y', imported: '*', local: 'y', type: false },
    ])
  })

  test.each(['f() // => roughly one', 'if (f()) {\n  g() // => 1\n}', 'const ( = 1'])('refuses %s', (code) => {
    expect(() => transform(code)).toThrow()
  })
})

describe('comparison', () => {
  test('allows what the digits shown allow, and no more', async () => {
    same([Math.exp(-1), 0.5, [new Float32Array([0.1])]], [digits('0.3679'), digits('0.5'), [[digits('0.1')]]])
    same([Math.exp(-1)], [cut('0.36')])
    expect(() => same([Math.exp(-1)], [digits('0.37')])).toThrow('deeply equal')
    expect(() => same([0.5001], [digits('0.5')])).toThrow('deeply equal')
    expect(() => same([[1, 2]], [[digits('1')]])).toThrow('deeply equal')
    expect(() => same(['1'], [digits('1')])).toThrow('deeply equal')
    await throws(() => {
      throw new RangeError('too far')
    }, 'RangeError: too far')
    await expect(throws(() => 1, 'RangeError')).rejects.toThrow('expected the example to throw')
  })
})
