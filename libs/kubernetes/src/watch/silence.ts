import type { DiscoveryError } from '@evenly/endpoints';

/** Asks the server anything. @throws DiscoveryError UNREACHABLE when nothing comes back */
export type Probe = () => Promise<unknown>;

/**
 * A watch may be silent for minutes because nothing changes, or because the server's process hangs while its kernel keeps
 * the connection. Clients by HTTP/2 find out with a PING (client-go after 30 s); over HTTP/1.1 a request does the same.
 * One request serves all watches of a server, and anything that the server says on any of them makes it needless.
 */
export class Silence {
  readonly #quietMs: number;
  readonly #unref: boolean;
  readonly #probe: Probe;
  #heardMs = performance.now();
  #asked: Promise<DiscoveryError | undefined> | undefined;

  /** @param quietMs how long the server may say nothing before it is asked */
  constructor(quietMs: number, unref: boolean, probe: Probe) {
    this.#quietMs = quietMs;
    this.#unref = unref;
    this.#probe = probe;
  }

  /** The server has said something. */
  heard(): void {
    this.#heardMs = performance.now();
  }

  /**
   * Looks after a watch.
   * @param onSilent the server was asked and said nothing; at most once
   * @returns stops looking
   */
  guard(onSilent: (error: DiscoveryError) => void): () => void {
    let timer: NodeJS.Timeout;
    let stopped = false;
    const look = async () => {
      const error = this.#quietForMs() >= this.#quietMs ? await this.#ask() : undefined;
      if (stopped) return;
      if (error) onSilent(error);
      else lookLater();
    };
    const lookLater = () => {
      timer = setTimeout(() => void look(), Math.max(1, this.#quietMs - this.#quietForMs()));
      if (this.#unref) timer.unref();
    };
    lookLater();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }

  #quietForMs(): number {
    return performance.now() - this.#heardMs;
  }

  #ask(): Promise<DiscoveryError | undefined> {
    this.#asked ??= this.#probe()
      .then(() => undefined)
      .catch((error: unknown) => {
        // A refusal, or words that are no JSON, are an answer; and so is what a watch has said meanwhile.
        const isAnswer = (error as DiscoveryError).code !== 'UNREACHABLE';
        return isAnswer || this.#quietForMs() < this.#quietMs ? undefined : (error as DiscoveryError);
      })
      .finally(() => {
        this.#asked = undefined;
      });
    return this.#asked.then((error) => {
      if (!error) this.heard();
      return error;
    });
  }
}
