import { opExamples } from '@grad-ts/testkit'
import { trace } from '@grad-ts/tensor'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { decodeModel } from '../../src/import/decode.ts'
import type { StoredGraph } from '../../src/import/ir.ts'
import { converters, withoutGradient } from '../../src/import/ops/table.ts'
import { toModel } from '../../src/index.ts'
import { controlOps } from './example.ts'
import { examples } from './examples.ts'

const opsIn = ({ nodes }: StoredGraph): string[] =>
  nodes.flatMap(({ op, attributes }) => [
    op,
    ...[...attributes.values()].flatMap((attribute) => (attribute.tag === 'graph' ? opsIn(attribute.value) : [])),
  ])

/** Every operator that lowering writes for the ops of the tensor package. */
const written = new Set(
  Object.values(opExamples)
    .flat()
    .flatMap(({ apply, operands }) => opsIn(decodeModel(toModel(trace(apply, [...operands]))).graph)),
)

const testedIn = (op: string, domain: string): string =>
  [...new Set(examples.filter((example) => example.op === op && (example.domain ?? '') === domain).map(({ opset = 17 }) => opset))]
    .sort((a, b) => a - b)
    .join(', ')

const row = (op: string, domain: string): string => {
  const tested = controlOps.includes(op) ? '17' : domain === '' ? testedIn(op, domain) : '1'
  return `| ${op} | ${tested} | ${withoutGradient.has(op) ? 'no' : 'yes'} | ${written.has(op) ? 'yes' : ''} |`
}

const table = (domain: string): string =>
  [
    '| Operator | Tested in operator set | Gradient | Written |',
    '|---|---|---|---|',
    ...Object.keys(converters[domain] ?? {})
      .sort()
      .map((op) => row(op, domain)),
  ].join('\n')

const page = `# ONNX operators

What \`fromOnnx\` reads, whether a gradient goes through, and what \`toModel\`, \`exportModel\` and new heads write (operator set 18).
Generated from the tables of \`@grad-ts/onnx\`; \`npx vitest run packages/onnx/test/import/ops-table.test.ts -u\` writes it again.

Files of operator sets 7 to 22 are read: an operator's older form (axes as an attribute, bounds as attributes, \`Upsample\`, …) becomes the
newer one. "Gradient: no" means that the result does not change when an input changes a little; weights before such an operator get no gradient
through it, and choosing them for training is an error that names it. What \`If\` and \`Loop\` decide must be known when the file is read; an
\`If\` on data computes both branches.

## ONNX (\`ai.onnx\`)

${table('')}

## ONNX Runtime (\`com.microsoft\`)

${table('com.microsoft')}

## When an operator is missing

The error names the node and the operator. In this order:

1. Export with the other exporter or another operator set: often the same layer is then written in simpler operators.
2. Say what the operator does: \`{ operators: { 'domain:Name': ([x], attributes) => … } }\`, a function of tensors.
3. End the model before the node with \`{ outputs: 'tensor' }\`, and write what followed as a function of tensors or put a new head there with
   \`replaceHead\`; \`toOnnx(model, params, { whole: true })\` keeps the rest of the file all the same.
4. Open an issue with the name of the operator: a converter is a function of a few lines.
`

describe('the table of operators', () => {
  it('is what the tables say', async () => {
    await expect(page).toMatchFileSnapshot(fileURLToPath(new URL('../../../../docs/onnx-ops.md', import.meta.url)))
  })
})
