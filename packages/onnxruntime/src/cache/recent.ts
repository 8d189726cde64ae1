/** Keeps what was used last, up to a number of bytes. */
export const createRecent = <Value>(sizeOf: (value: Value) => number, maxBytes: number) => {
  const values = new Map<string, Value>()
  let bytes = 0
  const remove = (key: string): void => {
    const value = values.get(key)
    if (value === undefined) return
    values.delete(key)
    bytes -= sizeOf(value)
  }
  const put = (key: string, value: Value): void => {
    remove(key)
    values.set(key, value)
    bytes += sizeOf(value)
    // A map keeps the order of insertion: the first is what was not used for the longest time.
    for (const oldest of values.keys()) if (bytes > maxBytes) remove(oldest)
  }
  const get = (key: string): Value | undefined => {
    const value = values.get(key)
    if (value !== undefined) put(key, value)
    return value
  }
  return { get, put, clear: (): void => [...values.keys()].forEach(remove) }
}
