/** A file is missing or cannot be read. */
export class FileError extends Error {
  readonly tag = 'FileError'
  override readonly name = 'FileError'
  readonly path: string
  /** Whether there is no such file. */
  readonly missing: boolean

  constructor(path: string, cause: unknown) {
    const missing = (cause as { readonly code?: unknown } | null)?.code === 'ENOENT'
    const reason = cause instanceof Error ? cause.message : String(cause)
    super(`${path}: ${missing ? 'no such file; check the path' : `cannot be read (${reason})`}`, { cause })
    this.path = path
    this.missing = missing
  }
}

/** A file could not be written. */
export class WriteError extends Error {
  readonly tag = 'WriteError'
  override readonly name = 'WriteError'
  readonly path: string

  constructor(path: string, cause: unknown) {
    super(
      `cannot write ${path}: ${cause instanceof Error ? cause.message : String(cause)}; check the folder's permissions and the space left`,
      { cause },
    )
    this.path = path
  }
}

/** A safetensors file, or the index of several, is not one or is damaged. */
export class SafetensorsError extends Error {
  readonly tag = 'SafetensorsError'
  override readonly name = 'SafetensorsError'
  /** The file, where it is one. */
  readonly path: string | undefined
  readonly reason: string

  constructor(reason: string, path?: string) {
    super(`${path === undefined ? '' : `${path}: `}not a valid safetensors file: ${reason}`)
    this.path = path
    this.reason = reason
  }
}

/** Everything that this package answers with. */
export type FilesError = FileError | WriteError | SafetensorsError
