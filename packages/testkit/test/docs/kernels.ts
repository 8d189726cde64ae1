/** ONNX ops without a kernel of ONNX Runtime 1.29 for float32, int32 or bool on a provider: these nodes run on the CPU there. */
export const missingKernels = {
  cuda: new Set(['Atan']),
  webgpu: new Set(['Loop', 'Mod', 'Or', 'Round', 'Sign', 'Xor']),
} as const
