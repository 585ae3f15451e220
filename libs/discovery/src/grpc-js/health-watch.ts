import { Metadata, status } from '@grpc/grpc-js';
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '@evenly/proto/grpc/health/v1/health';
import { Backoff } from '@evenly/endpoints';
import type { Subchannel } from './versions.ts';

/** As for connections (gRFC A17). */
const backoffOptions = { initialMs: 1000, maxMs: 120_000 };

/**
 * Watches the health of the server behind a live connection, on that connection (gRFC A17). A server without a health
 * service counts as healthy. A watch that ends is begun again, after a wait that grows.
 * @param onHealth told of every change, not within this call
 * @returns stops; to be called when the connection is lost
 */
export function watchHealth(
  subchannel: Subchannel,
  service: string,
  onHealth: (serving: boolean, reason?: string) => void,
): () => void {
  const backoff = new Backoff(backoffOptions);
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let cancel = () => {};

  const start = () => {
    cancel = watchOnce(subchannel, service, {
      onStatus: (serving) => {
        if (stopped) return;
        backoff.reset();
        onHealth(serving, `${subchannel.getAddress()} says that ${service || 'it'} is not serving`);
      },
      onEnd: (code, details) => {
        if (stopped) return;
        if (code === status.UNIMPLEMENTED) return onHealth(true);
        onHealth(false, `health of ${subchannel.getAddress()}: ${status[code]}: ${details}`);
        timer = setTimeout(start, backoff.next());
        timer.unref();
      },
    });
  };
  // Later: the connection has just become ready, and who hears of that may still want to close it.
  queueMicrotask(() => {
    if (!stopped) start();
  });
  return () => {
    stopped = true;
    clearTimeout(timer);
    cancel();
  };
}

interface WatchListener {
  onStatus(serving: boolean): void;
  onEnd(code: status, details: string): void;
}

/**
 * One call of grpc.health.v1.Health/Watch. Made by the subchannel itself, below channels and their filters, since 1.12
 * and 1.13 offer no channel of one connection; so the five bytes before each message are ours to write and read.
 */
function watchOnce(subchannel: Subchannel, service: string, listener: WatchListener): () => void {
  const real = subchannel.getRealSubchannel();
  const metadata = new Metadata();
  metadata.set('grpc-accept-encoding', 'identity');
  try {
    const call = real.createCall(metadata, subchannel.getAddress(), '/grpc.health.v1.Health/Watch', {
      onReceiveMetadata: () => {},
      onReceiveMessage: (message: Buffer) => {
        listener.onStatus(isServing(message));
        call.startRead();
      },
      onReceiveStatus: ({ code, details }) => listener.onEnd(code, details),
    });
    call.sendMessageWithContext({}, frame(HealthCheckRequest.encode({ service }).finish()));
    call.halfClose();
    call.startRead();
    releaseProcess(real);
    return () => call.cancelWithStatus(status.CANCELLED, 'no longer wanted');
  } catch (error) {
    // The connection went away in between; the one who watches hears of that, too.
    queueMicrotask(() => listener.onEnd(status.UNAVAILABLE, (error as Error).message));
    return () => {};
  }
}

/** An uncompressed message with its length before it (gRPC over HTTP/2). */
function frame(message: Uint8Array): Buffer {
  const framed = Buffer.alloc(5 + message.length);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  return framed;
}

function isServing(framed: Buffer): boolean {
  try {
    return HealthCheckResponse.decode(framed.subarray(5)).status === ServingStatus.SERVING;
  } catch {
    return false; // what cannot be read does not say SERVING
  }
}

/**
 * grpc-js keeps the process alive while a connection has a call, and a watch never ends. A private field, as there is no
 * other way; were it gone, a process would live on until its channel is closed, and nothing worse.
 */
function releaseProcess(real: object): void {
  const { transport } = real as { transport?: { session?: { unref?(): void } } };
  transport?.session?.unref?.();
}
