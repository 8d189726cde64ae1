import { create, createFileRegistry } from '@bufbuild/protobuf'
import type { DescMessage } from '@bufbuild/protobuf'
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'

/** The messages of ONNX: one line a message, fields as `name=number:type`, `*` for repeated and `+` for repeated and packed. */
const messages: Readonly<Record<string, string>> = {
  ModelProto:
    'ir_version=1:int64 producer_name=2:string producer_version=3:string domain=4:string model_version=5:int64 doc_string=6:string graph=7:GraphProto opset_import=8:OperatorSetIdProto* metadata_props=14:StringStringEntryProto* functions=25:FunctionProto*',
  OperatorSetIdProto: 'domain=1:string version=2:int64',
  StringStringEntryProto: 'key=1:string value=2:string',
  GraphProto:
    'node=1:NodeProto* name=2:string initializer=5:TensorProto* doc_string=10:string input=11:ValueInfoProto* output=12:ValueInfoProto* value_info=13:ValueInfoProto*',
  NodeProto:
    'input=1:string* output=2:string* name=3:string op_type=4:string attribute=5:AttributeProto* doc_string=6:string domain=7:string',
  AttributeProto:
    'name=1:string f=2:float i=3:int64 s=4:bytes t=5:TensorProto g=6:GraphProto floats=7:float* ints=8:int64* strings=9:bytes* tensors=10:TensorProto* graphs=11:GraphProto* doc_string=13:string type=20:int32 ref_attr_name=21:string',
  FunctionProto:
    'name=1:string input=4:string* output=5:string* attribute=6:string* node=7:NodeProto* doc_string=8:string opset_import=9:OperatorSetIdProto* domain=10:string attribute_proto=11:AttributeProto*',
  TensorProto:
    'dims=1:int64* data_type=2:int32 float_data=4:float+ int32_data=5:int32+ string_data=6:bytes* int64_data=7:int64+ name=8:string raw_data=9:bytes double_data=10:double+ uint64_data=11:uint64+ doc_string=12:string external_data=13:StringStringEntryProto* data_location=14:int32',
  ValueInfoProto: 'name=1:string type=2:TypeProto doc_string=3:string',
  TypeProto: 'tensor_type=1:TensorTypeProto denotation=6:string',
  TensorTypeProto: 'elem_type=1:int32 shape=2:TensorShapeProto',
  TensorShapeProto: 'dim=1:DimensionProto*',
  DimensionProto: 'dim_value=1:int64 dim_param=2:string denotation=3:string',
}

const scalars: Readonly<Record<string, FieldDescriptorProto_Type>> = {
  int64: FieldDescriptorProto_Type.INT64,
  uint64: FieldDescriptorProto_Type.UINT64,
  int32: FieldDescriptorProto_Type.INT32,
  float: FieldDescriptorProto_Type.FLOAT,
  double: FieldDescriptorProto_Type.DOUBLE,
  string: FieldDescriptorProto_Type.STRING,
  bytes: FieldDescriptorProto_Type.BYTES,
}

const parseField = (text: string) => {
  const [, name, number, type, repeat] = /^(\w+)=(\d+):(\w+)([*+]?)$/.exec(text) as unknown as [string, string, string, string, string]
  const scalar = scalars[type]
  return {
    name,
    number: Number(number),
    label: repeat === '' ? FieldDescriptorProto_Label.OPTIONAL : FieldDescriptorProto_Label.REPEATED,
    type: scalar ?? FieldDescriptorProto_Type.MESSAGE,
    ...(scalar === undefined && { typeName: `.onnx.${type}` }),
    ...(repeat === '+' && { options: { packed: true } }),
  }
}

// proto2, so that a zero that was set is written: runtimes look at the presence of an attribute's value.
const file = create(FileDescriptorProtoSchema, {
  name: 'onnx.proto',
  package: 'onnx',
  syntax: 'proto2',
  messageType: Object.entries(messages).map(([name, fields]) => ({ name, field: fields.split(' ').map(parseField) })),
})

export const modelDescriptor = createFileRegistry(file, () => undefined).getMessage('onnx.ModelProto') as DescMessage
