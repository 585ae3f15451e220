import { connect } from 'node:net';

export interface ConnectionProbe {
  readonly isConnected: boolean;
  close(): void;
}

/**
 * Whether anybody takes TCP connections at an address. A kernel does so for a process that is too busy to answer; one whose
 * machine is gone, or cut off, does not. The connection of a call says nothing of that: it stays open for minutes.
 */
export function probeConnection(address: string, port: number): ConnectionProbe {
  let isConnected = false;
  const socket = connect({ host: address, port });
  socket.on('connect', () => {
    isConnected = true;
    socket.destroy();
  });
  socket.on('error', () => socket.destroy()); // then nobody takes them
  return {
    get isConnected() {
      return isConnected;
    },
    close: () => socket.destroy(),
  };
}
