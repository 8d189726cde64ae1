import { describe, expect, test } from 'vitest'
import { entries, fold, forEach, get, leaves, map, mapWithPath, paths, sameStructure, TreeError, unflatten } from '@grad-ts/tree'

const tree = { w: 1, b: [2, { z: 4, a: 3 }], none: null }

describe('tree', () => {
  test('entries come in canonical order, whatever the order of keys', () => {
    expect(entries(tree)).toEqual([
      ['b.0', 2],
      ['b.1.a', 3],
      ['b.1.z', 4],
      ['w', 1],
    ])
    expect(leaves({ b: 1, a: 2 })).toEqual(leaves({ a: 2, b: 1 }))
  })

  test('map keeps structure, key order and empty trees', () => {
    const doubled = map((leaf: number) => leaf * 2, tree)
    expect(doubled).toEqual({ w: 2, b: [4, { z: 8, a: 6 }], none: null })
    expect(Object.keys(doubled)).toEqual(['w', 'b', 'none'])
  })

  test('map and forEach visit leaves in canonical order', () => {
    const seen: string[] = []
    forEach((path) => seen.push(path), tree)
    expect(seen).toEqual(paths(tree))
  })

  test('leaves are everything but arrays, plain records and null', () => {
    const data = new Float32Array([1, 2])
    expect(leaves({ data, text: 'x', missing: undefined })).toEqual([data, undefined, 'x'])
  })

  test('unflatten inverts leaves', () => {
    expect(unflatten(tree, leaves(tree))).toEqual(tree)
    expect(unflatten({ 'a.b': 0, a: { b: 0 } }, [1, 2])).toEqual({ a: { b: 1 }, 'a.b': 2 })
    expect(() => unflatten(tree, [1])).toThrow(/expected 4 leaves, got 1/)
  })

  test('fold and get', () => {
    expect(fold((sum, leaf: number) => sum + leaf, 0, tree)).toBe(10)
    expect(get(tree, 'b.1')).toEqual({ z: 4, a: 3 })
    expect(() => get(tree, 'b.7')).toThrow(TreeError)
  })

  test('mapWithPath gives paths', () => {
    expect(mapWithPath((path, leaf: number) => `${path}:${leaf}`, { a: [1] })).toEqual({ a: ['a.0:1'] })
  })

  test.each([
    [{ a: 1 }, { b: 1 }, 'trees differ at the root: expected a record with keys a, got a record with keys b'],
    [{ a: 1 }, { a: [1] }, "trees differ at 'a': expected a leaf, got an array of 1"],
    [{ a: [1, 2] }, { a: [1] }, "trees differ at 'a': expected an array of 2, got an array of 1"],
    [{ a: null }, { a: 1 }, "trees differ at 'a': expected the empty tree, got a leaf"],
    [{ a: [1] }, { a: null }, "trees differ at 'a': expected an array of 1, got the empty tree"],
  ])('a differing structure is refused with its path: %j %j', (left, right, message) => {
    expect(sameStructure(left, right)).toBe(false)
    expect(() => map((a: number) => a, left as never, right as never)).toThrow(message)
  })
})
