import { BytesInUse } from './bytes-in-use.ts';
import { MemoryShare, type Client } from './share.ts';

/**
 * The bytes that a process may hold for others, whatever they are: header blocks, content, output that is not read,
 * half-sent messages, names. One object for a process; whoever holds something for a client has a share of it.
 *
 * It only counts and answers questions. Who asks them refuses work, and so the process never gets to where it would die.
 */
export class MemoryBudget extends BytesInUse {
  private readonly clients = new Map<string, Client>();
  private readonly onShareClosed = (client: Client): void => {
    if (--client.shares === 0) this.clients.delete(client.name);
  };

  /**
   * A share for one holder of bytes, such as a connection. Make it once and keep it where the bytes are: counting then
   * needs no look-up.
   * @param client whose bytes they are (an address, an identity): shares of one client add up
   */
  share(client: string): MemoryShare {
    const known = this.clients.get(client);
    const holder = known ?? { name: client, usedBytes: 0, shares: 0 };
    if (known === undefined) this.clients.set(client, holder);
    holder.shares++;
    return new MemoryShare(this, holder, this.onShareClosed);
  }

  /** How many have shares, and who holds most; for whoever looks at the process, not for decisions. */
  get holders(): { clients: number; largest: { name: string; usedBytes: number } | undefined } {
    let largest: Client | undefined;
    for (const client of this.clients.values())
      if (largest === undefined || client.usedBytes > largest.usedBytes) largest = client;
    return { clients: this.clients.size, largest };
  }
}
