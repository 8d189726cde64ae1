/** An error that tells itself by its tag, which is its name too. */
export interface TaggedError<Tag extends string> extends Error {
  readonly tag: Tag
  readonly name: Tag
}

/** Makes the base class of errors with a tag. */
export const Tagged = <const Tag extends string>(tag: Tag): new (message: string, options?: ErrorOptions) => TaggedError<Tag> =>
  class extends Error {
    readonly tag = tag
    override readonly name = tag
  }
