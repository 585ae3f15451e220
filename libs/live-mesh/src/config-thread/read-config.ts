import { isDeepStrictEqual } from 'node:util';
import { Worker } from 'node:worker_threads';
import {
  ConfigError,
  readConfigs,
  rememberPosition,
  type ConfigFile,
  type Listener,
  type MeshConfig,
  type OlderFormatOptions,
  type Route,
  type Service,
} from '@evenly/mesh-config';
import type { FromThread, PositionedItem, Slice, ToRead } from './messages.ts';

/**
 * Of the thread: a text of 8 MiB takes less. One that takes more ends the thread, not the program. Where node was started with
 * a limit for its heap, as in the images, that one holds for the thread, whatever is said here.
 */
const maxHeapMiB = 1024;

/** Of the first texts of a start, in characters: read where they are, for there are no calls yet that would wait. */
const maxInPlace = 16 * 1024;

const tooLarge =
  'to read the config takes more memory than V8 has for it: give the container more, or write less';
const isOutOfMemory = (error: unknown) =>
  (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';

/**
 * Reads config files in a thread of its own: 1000 services and 2000 routes take a parser a second, in which no call
 * would move. The config comes over in slices, and what has not changed stays the object that it was. A thread that loads the
 * parsers once more takes a third of the CPU of a start and, on Node 24, 15 MiB, so a small first config goes without.
 * @throws ConfigError with file, line, field and reason of every fault
 */
export async function readInThread(
  files: readonly ConfigFile[],
  options: OlderFormatOptions,
  before: MeshConfig | undefined,
): Promise<MeshConfig> {
  // Run from source, as in tests, there is nothing that a thread could load.
  const isSource = import.meta.url.endsWith('.ts');
  const length = files.reduce((sum, { text }) => sum + text.length, 0);
  const isSmallFirst = before === undefined && length <= maxInPlace;
  if (isSource || isSmallFirst) return readConfigs(files, options);
  const toRead: ToRead = { files, options };
  const worker = new Worker(new URL('./thread.js', import.meta.url), {
    workerData: toRead,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB },
  });
  const taken = new TakenOver(before);
  try {
    return await new Promise((resolve, reject) => {
      worker.on('message', (message: FromThread) => {
        if ('faults' in message) return reject(new ConfigError(message.faults));
        if ('error' in message) return reject(new Error(message.error));
        taken.add(message.slice);
        if (message.isLast) return resolve(taken.config);
        // Calls have their turn in between.
        setImmediate(() => worker.postMessage('next'));
      });
      worker.on('error', (error) => reject(isOutOfMemory(error) ? new Error(tooLarge) : error));
      worker.on('exit', () => reject(new Error('the thread that reads the config has ended')));
    });
  } finally {
    void worker.terminate();
  }
}

class TakenOver {
  readonly #before: MeshConfig | undefined;
  readonly #services = new Map<string, Service>();
  readonly #routes: Route[] = [];
  readonly #listeners: Listener[] = [];

  constructor(before: MeshConfig | undefined) {
    this.#before = before;
  }

  get config(): MeshConfig {
    return { services: this.#services, routes: this.#routes, listeners: this.#listeners };
  }

  add({ services, routes, listeners }: Slice): void {
    const before = this.#before;
    for (const one of services)
      this.#services.set(one.item.name, taken(one, before?.services.get(one.item.name)));
    for (const one of routes) this.#routes.push(taken(one, before?.routes[this.#routes.length]));
    for (const one of listeners) this.#listeners.push(taken(one, before?.listeners[this.#listeners.length]));
  }
}

/** The item as it was, if it is the same; its lines may be others now. */
function taken<T extends object>(
  { item, positions: [own, ofTls] }: PositionedItem<T>,
  before: T | undefined,
): T {
  const kept = before !== undefined && isDeepStrictEqual(before, item) ? before : item;
  if (own !== undefined) rememberPosition(kept, own);
  const { tls } = kept as { tls?: object };
  if (tls !== undefined && ofTls !== undefined) rememberPosition(tls, ofTls);
  return kept;
}
