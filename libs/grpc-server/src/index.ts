export { ServerCall, type CallHandler } from './call.ts';
export { limitCalls } from './limit-calls.ts';
export { lengthPrefixed, prefixBytes } from './message-reader.ts';
export { bidi, refuse, unary, type Codec, type Method, type RequestHandler } from './method.ts';
export type { Peer } from './peer.ts';
export { GrpcServer, type GrpcServerOptions } from './server.ts';
export { Status, StatusError, type StatusCode } from './status.ts';
