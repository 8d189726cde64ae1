import { dirname, join } from 'node:path/posix'
import { parseSync } from 'vite'

/** What each package may import of ours. */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  tree: [],
  tensor: ['tree'],
  autodiff: ['tree', 'tensor'],
  optim: ['tree', 'tensor'],
  nn: ['tree', 'tensor'],
  onnx: ['tree', 'tensor'],
  onnxruntime: ['tree', 'tensor', 'onnx'],
  files: ['tensor'],
  transformers: ['tree', 'tensor', 'nn', 'files'],
  trainer: ['tree', 'tensor', 'autodiff', 'optim', 'nn', 'onnx', 'onnxruntime', 'files'],
  'grad-ts': ['tree', 'tensor', 'autodiff', 'optim', 'nn', 'onnx', 'onnxruntime', 'files', 'transformers', 'trainer'],
  testkit: ['tree', 'tensor', 'autodiff'],
  bench: ['tree', 'tensor', 'autodiff', 'optim', 'nn', 'onnx', 'onnxruntime', 'trainer', 'grad-ts', 'testkit'],
}

export const published = Object.keys(arrows).filter((name) => name !== 'testkit' && name !== 'bench')

/** The packages that are pure TypeScript: no native library, no I/O. */
export const pure: readonly string[] = ['tree', 'tensor', 'autodiff', 'optim', 'nn', 'onnx']

const importing = new Set(['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression', 'TSImportType'])

/** Every module a TypeScript text imports, re-exports, loads or takes a type from; what stands in comments does not count. */
export const importsOf = (source: string): readonly string[] => {
  const { program, errors } = parseSync('file.ts', source)
  if (errors.length > 0) throw new SyntaxError(errors[0]?.message)
  const found = new Set<string>()
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const { type, source: from } = node as { type?: string; source?: { value?: unknown } | null }
    if (type !== undefined && importing.has(type) && typeof from?.value === 'string') found.add(from.value)
    Object.values(node).forEach(visit)
  }
  visit(program.body)
  return [...found]
}

// A model may be named by its path: these two load the file system when they are called, and nothing else of `onnx` does.
const fileEdges = ['packages/onnx/src/import/files.ts', 'packages/onnx/src/rewrite/file.ts']

/** A file of the checkout: `path` is relative to the root, as in `packages/nn/src/index.ts`. */
export interface SourceFile {
  readonly path: string
  readonly source: string
}

/** For each package the entries of its `exports`, as in `.` and `./monoid`. */
export type Entries = Readonly<Record<string, readonly string[]>>

const ownImport = /^@grad-ts\/([^/]+)(\/.+)?$/

const faultOf = (path: string, specifier: string, allowed: readonly string[], entries: Entries): string | undefined => {
  const [, root = '', name = '', folder = ''] = /^((?:packages|examples)\/([^/]+))\/([^/]+)/.exec(path) ?? []
  const isSource = folder === 'src'
  if (specifier.startsWith('.')) {
    const inside = isSource ? `${root}/src/` : `${root}/`
    return join(dirname(path), specifier).startsWith(inside) ? undefined : `${path} reaches out of its package: ${specifier}`
  }
  const [, target, subpath = ''] = ownImport.exec(specifier) ?? []
  if (target === undefined) {
    const impure = (specifier.startsWith('node:') && !fileEdges.includes(path)) || specifier.startsWith('onnxruntime')
    return isSource && pure.includes(name) && impure ? `${path} is not pure: ${specifier}` : undefined
  }
  if (isSource && !allowed.includes(target)) return `${path} may not import ${target}`
  return entries[target]?.includes(`.${subpath}`) ? undefined : `${path} imports what ${target} does not export: ${specifier}`
}

const allowedFor = (path: string): readonly string[] => {
  const [kind, name = ''] = path.split('/')
  return kind === 'examples' ? published : (arrows[name] ?? [])
}

/** What is wrong with the imports of a file, in words. */
export const faultsOfImports = ({ path, source }: SourceFile, entries: Entries): readonly string[] =>
  importsOf(source).flatMap((specifier) => faultOf(path, specifier, allowedFor(path), entries) ?? [])

export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** What is wrong with the dependencies that a package.json has on our packages, in words. */
export const faultsOfManifest = (folder: string, manifest: Manifest): readonly string[] => {
  const allowed = allowedFor(`${folder}/package.json`)
  const own = (kind: keyof Manifest) => Object.entries(manifest[kind] ?? {}).filter(([name]) => ownImport.test(name))
  return [
    ...own('peerDependencies').map(([name]) => `${folder} has ${name} as a peer`),
    ...[...own('dependencies'), ...own('devDependencies')].flatMap(([name, range]) => {
      const target = name.replace('@grad-ts/', '')
      if (!allowed.includes(target)) return [`${folder} may not depend on ${target}`]
      return range === 'workspace:^' ? [] : [`${folder} depends on ${target} by ${range}, not by workspace:^`]
    }),
  ]
}
