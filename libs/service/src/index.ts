export { listenHttp, type HttpListener } from './admin.ts';
export { parseDuration, formatDuration } from './duration.ts';
export { ServiceError, listenError, exitCodes, type ServiceErrorCode } from './errors.ts';
export { openFiles, type OpenFiles } from './open-files.ts';
export { readOptions, type Config, type Fault, type OptionSpec, type OptionSpecs } from './options.ts';
export { rpcAttributes } from './grpc/rpc-attributes.ts';
export { hostPort, runMain, type Host, type Program, type Service } from './program.ts';
export { Readiness } from './readiness.ts';
export * as values from './values.ts';
