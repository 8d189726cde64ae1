/** Spells a Python name as ours: `scale_by_adam` is `scaleByAdam`. */
export const camelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
