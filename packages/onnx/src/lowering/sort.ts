import { elementType } from '../schema/types.ts'
import type { Lowerings } from './rule.ts'

export const sort: Lowerings<'topK'> = {
  topK: (emitter, [x], { attributes: { k, axis, largest } }) => {
    const [values, positions] = [emitter.name('TopKValues'), emitter.name('TopKPositions')]
    emitter.addNamed('TopK', [x as string, emitter.int64([k])], [values, positions], { axis, largest: Number(largest), sorted: 1 })
    return emitter.add('Cast', [positions], { to: elementType.int32 })
  },
}
