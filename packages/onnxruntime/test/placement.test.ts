import { expect, test } from 'vitest'
import { opsOf } from '../src/apart/events.ts'
import { createPlacementReader } from '../src/apart/placement.ts'

const line = (text: string): string => `2026-01-01 00:00:00.0 [V:onnxruntime:, session_state.cc:1 VerifyEachNodeIsAssignedToAnEp] ${text}`

test('the nodes of all parts of a graph are counted, and those on other devices are named', () => {
  const { read, placement } = createPlacementReader('webgpu')
  for (const text of [
    'Node placements',
    ' Node(s) placed on [CPUExecutionProvider]. Number of nodes: 2',
    '  Cast (Cast_1)',
    '  CumSum (sum of (all))',
    ' Node(s) placed on [WebGpuExecutionProvider]. Number of nodes: 1',
    '  Exp (Exp)',
    'Node placements',
    ' All nodes placed on [WebGpuExecutionProvider]. Number of nodes: 7',
  ])
    read(line(text))
  read('something else (entirely)')
  expect(placement()).toEqual({
    nodes: { cpu: 2, webgpu: 8 },
    elsewhere: [
      { op: 'Cast', name: 'Cast_1', device: 'cpu' },
      { op: 'CumSum', name: 'sum of (all)', device: 'cpu' },
    ],
  })
})

test('the time on the device counts where the runtime tells it', () => {
  const provider = 'WebGpuExecutionProvider'
  const events = [
    { cat: 'Session', name: 'model_run', dur: 90, args: {} },
    { cat: 'Node', name: 'MatMul_kernel_time', dur: 50, args: { op_name: 'Gemm', provider } },
    { cat: 'Node', name: 'Reshape_kernel_time', dur: 1, args: { op_name: 'Reshape', provider } },
    { cat: 'Api', name: 'MatMul&Gemm&Gemm', dur: 3, args: {} },
    { cat: 'Api', name: 'MatMul&Gemm&Transpose', dur: 4, args: {} },
  ]
  expect(opsOf(events)).toEqual([
    { op: 'Gemm', device: 'webgpu', microseconds: 7 },
    { op: 'Reshape', device: 'webgpu', microseconds: 1 },
  ])
})
