import type { Socket } from 'node:net';

/** Why a connection was refused: the port is full, its address has its share, or the process's open files run out. */
export type Refusal = 'full' | 'address' | 'files';

/** Connections of clients that the open files of a process allow: share one object among all of its ports. */
export interface FileSlots {
  readonly maxConnections: number;
  used: number;
}

export interface SlotLimits {
  /** Of the port. */
  readonly maxConnections: number;
  /**
   * Of one client: an IPv4 address, or the /64 of an IPv6 address, for one host may have all of that. Undefined: half of
   * the port, for many may come from one address (a NAT, nodes of a cluster, a load balancer), and 100 at least.
   */
  readonly maxPerAddress?: number | undefined;
  readonly files?: FileSlots | undefined;
}

const leastPerAddress = 100;

/**
 * Counts the connections of a port. A server's own `maxConnections` is no match for it: it knows no addresses, and in a
 * worker of node:cluster what is above it is handed from worker to worker for as long as all of them are full.
 */
export class ClientSlots {
  readonly refused: Record<Refusal, number> = { full: 0, address: 0, files: 0 };
  private readonly limits: SlotLimits;
  private readonly byAddress = new Map<string, number>();
  private readonly maxPerAddress: number;
  private used = 0;

  constructor(limits: SlotLimits) {
    this.limits = limits;
    this.maxPerAddress =
      limits.maxPerAddress ?? Math.max(leastPerAddress, Math.ceil(limits.maxConnections / 2));
  }

  get refusedCount(): number {
    return this.refused.full + this.refused.address + this.refused.files;
  }

  /** Why the next one is refused whoever it is; undefined: it is not. */
  get full(): Exclude<Refusal, 'address'> | undefined {
    const { maxConnections, files } = this.limits;
    if (files !== undefined && files.used >= files.maxConnections) return 'files';
    return this.used >= maxConnections ? 'full' : undefined;
  }

  /**
   * Takes a slot until the socket is closed.
   * @returns false: there is none, and the socket is destroyed
   */
  take(socket: Socket): boolean {
    const { full } = this;
    if (full !== undefined) return this.refuse(socket, full);
    const { files } = this.limits;
    this.used++;
    if (files !== undefined) files.used++;
    socket.on('close', () => {
      this.used--;
      if (files !== undefined) files.used--;
    });
    return true;
  }

  /** The same of one address: that of the socket, or of who is behind the load balancer that it comes from. */
  takeOf(address: string | undefined, socket: Socket): boolean {
    const client = clientOf(address ?? '');
    if (client === '' || this.maxPerAddress >= this.limits.maxConnections) return true;
    const count = this.byAddress.get(client) ?? 0;
    if (count >= this.maxPerAddress) return this.refuse(socket, 'address');
    this.byAddress.set(client, count + 1);
    socket.on('close', () => {
      const left = this.byAddress.get(client)! - 1;
      if (left === 0) this.byAddress.delete(client);
      else this.byAddress.set(client, left);
    });
    return true;
  }

  private refuse(socket: Socket, why: Refusal): false {
    this.refused[why]++;
    socket.destroy();
    return false;
  }
}

/** Who counts as one client. */
export function clientOf(address: string): string {
  // An IPv4 client of a socket that takes both families.
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice(7);
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const behind = tail === '' ? 0 : tail.split(':').length;
    while (groups.length + behind < 8) groups.push('0');
  }
  return `${[...groups, ...(tail ?? '').split(':')].slice(0, 4).join(':')}::/64`;
}
