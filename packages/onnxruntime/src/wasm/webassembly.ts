/** A WebAssembly memory that does not grow. */
export interface Memory {
  readonly buffer: ArrayBuffer
}

// Every JavaScript engine has WebAssembly; the types of Node 20 leave it out.
interface WebAssemblyApi {
  readonly Memory: new (descriptor: { readonly initial: number }) => Memory
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (
    module: object,
    imports: { readonly state: { readonly memory: Memory } },
  ) => { readonly exports: Readonly<Record<string, unknown>> }
}

const api = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly

/** Makes a memory of so many pages of 64 KiB, all zero. */
export const createMemory = (pages: number): Memory => new api.Memory({ initial: pages })

/** Compiles a module and joins it to a memory. */
export const instantiate = (bytes: Uint8Array<ArrayBuffer>, memory: Memory): Readonly<Record<string, unknown>> =>
  new api.Instance(new api.Module(bytes), { state: { memory } }).exports
