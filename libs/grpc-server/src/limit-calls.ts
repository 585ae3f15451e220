import type { ServerCall } from './call.ts';
import { refuse, type Method } from './method.ts';
import type { Peer } from './peer.ts';
import { Status, StatusError } from './status.ts';

/** A method of which so many calls run at a time; more are refused with RESOURCE_EXHAUSTED. */
export function limitCalls(limit: number, method: Method): Method {
  const full = refuse(
    new StatusError(Status.RESOURCE_EXHAUSTED, `this server takes at most ${limit} calls of this kind`),
  );
  let running = 0;
  return (call) => {
    if (running >= limit) return full(call);
    const handler = method(call);
    running++;
    return {
      onMessage: (bytes) => handler.onMessage(bytes),
      onHalfClose: () => handler.onHalfClose(),
      onClose: (reason) => {
        running--;
        handler.onClose?.(reason);
      },
    };
  };
}

/** The methods that come out of this share a limit: so many of their calls run at a time for one connection. */
export function limitCallsPerConnection(limit: number): (method: Method) => Method {
  const full = refuse(
    new StatusError(
      Status.RESOURCE_EXHAUSTED,
      `this server takes at most ${limit} calls of one connection: use another one`,
    ),
  );
  const running = new WeakMap<Peer, number>();
  const add = ({ peer }: ServerCall, change: number) => running.set(peer, (running.get(peer) ?? 0) + change);
  return (method) => (call) => {
    if ((running.get(call.peer) ?? 0) >= limit) return full(call);
    const handler = method(call);
    add(call, 1);
    return {
      onMessage: (bytes) => handler.onMessage(bytes),
      onHalfClose: () => handler.onHalfClose(),
      onClose: (reason) => {
        add(call, -1);
        handler.onClose?.(reason);
      },
    };
  };
}

/** A method whose calls are ended when their first message does not come within this time. */
export function firstMessageWithin(timeoutMs: number, method: Method): Method {
  return (call) => {
    const late = () => call.end(Status.DEADLINE_EXCEEDED, `no message within ${timeoutMs} ms`);
    const timer = setTimeout(late, timeoutMs);
    const handler = method(call);
    return {
      onMessage: (bytes) => {
        clearTimeout(timer);
        handler.onMessage(bytes);
      },
      onHalfClose: () => handler.onHalfClose(),
      onClose: (reason) => {
        clearTimeout(timer);
        handler.onClose?.(reason);
      },
    };
  };
}
