export { Connection, type ConnectionOptions } from './connection/connection.ts';
export type { ConnectionEvents, PeerSettings, StreamReset, Transport } from './connection/events.ts';
export type { Stream } from './connection/stream.ts';
export { ErrorCode, errorCodeName, Http2Error, Http2UsageError } from './errors.ts';
export {
  HeaderBlock,
  type HeaderInput,
  type HeaderKind,
  headerList,
  type HeaderListOptions,
} from './headers/block.ts';
export { joinCookies } from './headers/cookies.ts';
export type { HeaderField } from './headers/field.ts';
export { withoutBlanks, type HeaderFacts } from './headers/validate.ts';
export { defaultLimits, defaultSettings, type Limits, type LocalSettings, type Rate } from './limits.ts';
export { MemoryBudget } from './memory/budget.ts';
export type { MemoryShare } from './memory/share.ts';
export { bindSocket, type BindOptions } from './socket/binding.ts';
export {
  clientOf,
  ClientSlots,
  type FileSlots,
  type Refusal,
  type SlotLimits,
} from './socket/client-slots.ts';
export { connectHttp2, type ConnectOptions } from './socket/connect.ts';
export { SocketLoop, type SocketLoopOptions } from './socket/loop.ts';
export { createHttp2Server, type ServeOptions } from './socket/serve.ts';
export { StartingSockets, startTimeoutMs, type StartingOptions } from './socket/starting-sockets.ts';
export { TlsHandshakes, type ContextOfName } from './socket/tls-handshakes.ts';
