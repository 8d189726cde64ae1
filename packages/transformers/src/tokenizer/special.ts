/** What special tokens are for. */
export type Role = 'pad' | 'unk' | 'cls' | 'sep' | 'mask' | 'bos' | 'eos'

export const roles: readonly Role[] = ['pad', 'unk', 'cls', 'sep', 'mask', 'bos', 'eos']

/** The number of each special token; `null` where there is none. */
export type SpecialTokens = Readonly<Record<Role, number | null>>

export type Json = Readonly<Record<string, unknown>>

/** A token as a configuration writes it: its text, or a record around it. */
const textOf = (token: unknown): string | undefined => {
  if (typeof token === 'string') return token
  const { content } = (token ?? {}) as { readonly content?: unknown }
  return typeof content === 'string' ? content : undefined
}

/** The special tokens that a configuration names, as plain text under the same keys. */
export const plainTokens = (config: Json): Json =>
  Object.fromEntries(roles.flatMap((role) => [[`${role}_token`, textOf(config[`${role}_token`])]]).filter(([, text]) => text !== undefined))

/** Finds the numbers of the special tokens that a configuration names. */
export const specialTokens = (config: Json, idOf: (token: string) => number | undefined): SpecialTokens => {
  const tokens = plainTokens(config)
  return Object.fromEntries(
    roles.map((role) => {
      const text = tokens[`${role}_token`]
      return [role, typeof text === 'string' ? (idOf(text) ?? null) : null]
    }),
  ) as SpecialTokens
}
