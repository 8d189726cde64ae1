/** What this library reads and writes of the ONNX messages. Every field is optional on the wire; 64-bit integers are bigints. */

export interface OperatorSetIdProto {
  readonly domain?: string
  readonly version: bigint
}

export interface TensorProto {
  readonly name?: string
  readonly dims: readonly bigint[]
  readonly dataType: number
  readonly rawData?: Uint8Array
  readonly floatData?: readonly number[]
  readonly int32Data?: readonly number[]
  readonly int64Data?: readonly bigint[]
  readonly doubleData?: readonly number[]
  readonly dataLocation?: number
}

export interface AttributeProto {
  readonly name: string
  readonly type: number
  readonly f?: number
  readonly i?: bigint
  readonly s?: Uint8Array
  readonly t?: TensorProto
  readonly g?: GraphProto
  readonly floats?: readonly number[]
  readonly ints?: readonly bigint[]
  readonly strings?: readonly Uint8Array[]
}

export interface NodeProto {
  readonly name?: string
  readonly opType: string
  readonly domain?: string
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly attribute: readonly AttributeProto[]
}

export interface DimensionProto {
  readonly dimValue?: bigint
  readonly dimParam?: string
}

export interface ValueInfoProto {
  readonly name: string
  readonly type?: {
    readonly tensorType?: { readonly elemType: number; readonly shape?: { readonly dim: readonly DimensionProto[] } }
  }
}

export interface GraphProto {
  readonly name?: string
  readonly node: readonly NodeProto[]
  readonly initializer: readonly TensorProto[]
  readonly input: readonly ValueInfoProto[]
  readonly output: readonly ValueInfoProto[]
  readonly valueInfo?: readonly ValueInfoProto[]
}

export interface ModelProto {
  readonly irVersion: bigint
  readonly producerName?: string
  readonly producerVersion?: string
  readonly graph: GraphProto
  readonly opsetImport: readonly OperatorSetIdProto[]
  readonly metadataProps?: readonly { readonly key: string; readonly value: string }[]
}
