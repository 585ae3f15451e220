import type { Channel } from '@grpc/grpc-js';
import type { CallRecorder } from './instruments.ts';

/**
 * grpc-js has no call-outs for attempts, and its interceptors see a call with all of its retries as one. So an attempt is
 * watched where the channel makes it, which is where gRFC A66 says: below retries, before a pick. This file alone knows
 * what that looks like inside of grpc-js, the same in 1.12 to 1.14.
 */
interface Started {
  onReceiveMetadata(metadata: unknown): void;
  onReceiveMessage(message: Buffer): void;
  onReceiveStatus(status: { code: number }): void;
}
interface Call {
  start(metadata: unknown, listener: Started): void;
  sendMessageWithContext(context: unknown, message: Buffer): void;
}
interface Internals {
  createCall(path: string, ...rest: unknown[]): Call;
  /** Of an attempt. */
  createLoadBalancingCall(config: unknown, path: string, ...rest: unknown[]): Call;
}

/** Before each message of gRPC's: whether it is compressed, and its length. */
const framingBytes = 5;

/**
 * Tells recorders of all calls of a channel, which has made none so far.
 * @param recorderOf of a path, `/package.Service/Method`
 * @throws Error when this grpc-js does not let attempts be seen
 */
export function watchChannel(channel: Channel, recorderOf: (path: string) => CallRecorder): void {
  const { internalChannel } = channel as unknown as { internalChannel?: Partial<Internals> };
  const { createCall, createLoadBalancingCall } = internalChannel ?? {};
  if (internalChannel === undefined || createCall === undefined || createLoadBalancingCall === undefined)
    throw new Error(
      'grpcMetrics: attempts cannot be seen in this version of @grpc/grpc-js; 1.12 to 1.14 are known',
    );

  internalChannel.createCall = function (path, ...rest) {
    const call = createCall.call(this as Internals, path, ...rest);
    watchCall(call, recorderOf(path));
    return call;
  };
  internalChannel.createLoadBalancingCall = function (config, path, ...rest) {
    const attempt = createLoadBalancingCall.call(this as Internals, config, path, ...rest);
    watchAttempt(attempt, recorderOf(path));
    return attempt;
  };
}

/** From its start, before the message is serialized, up to its status, before the program gets that. */
function watchCall(call: Call, recorder: CallRecorder): void {
  const start = call.start.bind(call);
  call.start = (metadata, listener) => {
    const took = stopwatch();
    start(metadata, {
      onReceiveMetadata: (received) => listener.onReceiveMetadata(received),
      onReceiveMessage: (message) => listener.onReceiveMessage(message),
      onReceiveStatus: (status) => {
        recorder.callEnded(status.code, took());
        listener.onReceiveStatus(status);
      },
    });
  };
}

function watchAttempt(attempt: Call, recorder: CallRecorder): void {
  const start = attempt.start.bind(attempt);
  const send = attempt.sendMessageWithContext.bind(attempt);
  let sentBytes = 0;
  let receivedBytes = 0;
  attempt.sendMessageWithContext = (context, message) => {
    sentBytes += message.length - framingBytes;
    send(context, message);
  };
  attempt.start = (metadata, listener) => {
    const took = stopwatch();
    recorder.attemptStarted();
    start(metadata, {
      onReceiveMetadata: (received) => listener.onReceiveMetadata(received),
      onReceiveMessage: (message) => {
        receivedBytes += message.length - framingBytes;
        listener.onReceiveMessage(message);
      },
      onReceiveStatus: (status) => {
        recorder.attemptEnded(status.code, took(), sentBytes, receivedBytes);
        listener.onReceiveStatus(status);
      },
    });
  };
}

/** @returns the seconds since, each time it is asked */
function stopwatch(): () => number {
  const startMs = performance.now();
  return () => (performance.now() - startMs) / 1000;
}
