export { outOfMemory, ServerCall, type CallHandler, type OnFault } from './call.ts';
export { firstMessageWithin, limitCalls, limitCallsPerConnection } from './limit-calls.ts';
export { lengthPrefixed, prefixBytes } from './message-reader.ts';
export { bidi, refuse, unary, type Codec, type Method, type RequestHandler } from './method.ts';
export type { Peer } from './peer.ts';
export { GrpcServer, type GrpcServerOptions, type ServerConnections } from './server.ts';
export { Status, StatusError, type StatusCode } from './status.ts';
