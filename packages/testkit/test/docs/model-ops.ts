// Reads only what is needed of a ModelProto: graph = 7, node = 1, op type = 4, attribute = 5, subgraph = 6.

interface Field {
  readonly number: number
  readonly bytes: Uint8Array
}

const fieldsOf = (bytes: Uint8Array): Field[] => {
  const fields: Field[] = []
  let at = 0
  const varint = (): number => {
    let [value, scale] = [0, 1]
    for (;;) {
      const byte = bytes[at++] as number
      value += (byte & 127) * scale
      scale *= 128
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const wire = tag % 8
    if (wire === 0) varint()
    else if (wire === 2) {
      const length = varint()
      fields.push({ number: Math.floor(tag / 8), bytes: bytes.subarray(at, at + length) })
      at += length
    } else at += wire === 1 ? 8 : 4
  }
  return fields
}

const inside = (bytes: Uint8Array, number: number): Uint8Array[] =>
  fieldsOf(bytes)
    .filter((field) => field.number === number)
    .map((field) => field.bytes)

const graphOps = (graph: Uint8Array): string[] =>
  inside(graph, 1).flatMap((node) => [
    ...inside(node, 4).map((text) => new TextDecoder().decode(text)),
    ...inside(node, 5).flatMap((attribute) => inside(attribute, 6).flatMap(graphOps)),
  ])

/** Lists the ONNX ops of a model, subgraphs included, each once and sorted. */
export const opsOfModel = (model: Uint8Array): string[] => [...new Set(inside(model, 7).flatMap(graphOps))].sort()
