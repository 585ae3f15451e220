import { refuse, type Method } from './method.ts';
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
