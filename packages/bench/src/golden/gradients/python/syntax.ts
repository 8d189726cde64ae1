export type Expression =
  | { readonly tag: 'number'; readonly value: number; readonly float: boolean }
  | { readonly tag: 'string'; readonly value: string }
  | { readonly tag: 'name'; readonly name: string }
  | { readonly tag: 'sequence'; readonly items: readonly Expression[] }
  | { readonly tag: 'starred'; readonly value: Expression }
  | { readonly tag: 'dictionary'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly tag: 'unary'; readonly operator: string; readonly operand: Expression }
  | { readonly tag: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly tag: 'logical'; readonly operator: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly tag: 'compare'; readonly first: Expression; readonly rest: readonly (readonly [string, Expression])[] }
  | { readonly tag: 'choice'; readonly condition: Expression; readonly whenTrue: Expression; readonly otherwise: Expression }
  | { readonly tag: 'attribute'; readonly object: Expression; readonly name: string }
  | { readonly tag: 'index'; readonly object: Expression; readonly indices: readonly Expression[]; readonly several: boolean }
  | { readonly tag: 'slice'; readonly start: Expression | null; readonly end: Expression | null; readonly step: Expression | null }
  | { readonly tag: 'ellipsis' }
  | {
      readonly tag: 'call'
      readonly callee: Expression
      readonly positional: readonly Expression[]
      readonly keywords: readonly (readonly [string, Expression])[]
    }
  | { readonly tag: 'lambda'; readonly parameters: readonly Parameter[]; readonly body: Expression }
  | {
      readonly tag: 'comprehension'
      readonly element: Expression
      readonly target: Expression
      readonly over: Expression
      readonly conditions: readonly Expression[]
    }

export interface Parameter {
  readonly name: string
  readonly value: Expression | null
}

export type Statement =
  | { readonly tag: 'expression'; readonly value: Expression }
  | { readonly tag: 'assign'; readonly targets: readonly Expression[]; readonly value: Expression }
  | { readonly tag: 'augment'; readonly target: Expression; readonly operator: string; readonly value: Expression }
  | { readonly tag: 'for'; readonly target: Expression; readonly over: Expression; readonly body: readonly Statement[] }
  | { readonly tag: 'while'; readonly condition: Expression; readonly body: readonly Statement[] }
  | {
      readonly tag: 'if'
      readonly branches: readonly (readonly [Expression, readonly Statement[]])[]
      readonly otherwise: readonly Statement[]
    }
  | { readonly tag: 'with'; readonly context: Expression; readonly body: readonly Statement[] }
  | { readonly tag: 'define'; readonly name: string; readonly parameters: readonly Parameter[]; readonly body: readonly Statement[] }
  | { readonly tag: 'return'; readonly value: Expression | null }
  | { readonly tag: 'pass' }
