/** Does some work when it is first asked for. */
export const once = <Result extends object>(work: () => Result): (() => Result) => {
  let result: Result | undefined
  return () => (result ??= work())
}
