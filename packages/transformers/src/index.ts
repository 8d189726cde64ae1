export { ConfigError, MissingFileError, TokenizerError, WeightsError } from './errors.ts'
export type { TransformersError, WeightsFault } from './errors.ts'
