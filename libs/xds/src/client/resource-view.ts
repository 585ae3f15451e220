import type { Any } from '@evenly/proto/google/protobuf/any';
import { codecs, typeUrlOf, type ResourceType } from '../resource-type.ts';
import { checkedName, clientLimits } from './limits.ts';
import type { Parsed } from './model.ts';
import { parseCluster } from './parse/cluster.ts';
import { parseEndpoints } from './parse/endpoints.ts';
import { parseListener } from './parse/listener.ts';
import { splitRoutes } from './parse/encoded-routes.ts';
import { readRoutes } from './parse/routes.ts';
import { Refusal, type Warn } from './refusal.ts';

interface Known<T> {
  /** Of the resource itself, in the delta variant; else of the response that it came by. */
  version: string;
  encoded: Uint8Array;
  value: T;
}

/** What came of a resource. */
export interface Taken {
  name: string;
  /** Its content is another than before. */
  changed: boolean;
  /** Why it cannot be used; what was there before stays. */
  error?: string;
}

/** What of a resource has to be known before it is parsed, and how it is. @throws for what is no such message */
type Reader<T extends ResourceType> = (encoded: Uint8Array) => {
  name: string;
  /** @param before as it was read last @throws Refusal */
  parse: (warn: Warn, before: Parsed[T] | undefined) => Parsed[T];
};

const readers: { [T in ResourceType]: Reader<T> } = {
  listener: (encoded) => {
    const message = codecs.listener.decode(encoded);
    return { name: message.name, parse: (warn) => parseListener(message, warn) };
  },
  route: (encoded) => {
    const routes = splitRoutes(encoded);
    return { name: routes.rest.name, parse: (warn, before) => readRoutes(routes, warn, before) };
  },
  cluster: (encoded) => {
    const message = codecs.cluster.decode(encoded);
    return { name: message.name, parse: (warn) => parseCluster(message, warn) };
  },
  endpoints: (encoded) => {
    const message = codecs.endpoints.decode(encoded);
    return { name: message.clusterName, parse: (warn) => parseEndpoints(message, warn) };
  },
};

/** What a client knows of one resource type. It outlives streams: while the server is away, the last good is kept. */
export class ResourceView<T extends ResourceType> {
  readonly type: T;
  /** All that the server has, or only `names`. */
  readonly wildcard: boolean;
  readonly known = new Map<string, Known<Parsed[T]>>();
  /** Wanted, and said not to exist; or the server, which speaks of others, has not said a word of them for too long. */
  readonly absent = new Set<string>();
  /** The last content that could not be used, and why. */
  readonly rejected = new Map<string, string>();
  /** The server has answered once. */
  answered = false;
  /** State of the world: the version of the last response without a fault. */
  acceptedVersion = '';
  #names: ReadonlySet<string> = new Set();
  readonly #askedAtMs = new Map<string, number>();
  readonly #warn: Warn;

  constructor(type: T, wildcard: boolean, warn: Warn) {
    this.type = type;
    this.wildcard = wildcard;
    this.#warn = warn;
  }

  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** Changes what is wanted; what is not wanted any more is forgotten. */
  want(names: Iterable<string>, nowMs: number): void {
    this.#names = new Set(names);
    for (const map of [this.known, this.absent, this.rejected, this.#askedAtMs]) {
      for (const name of map.keys()) if (!this.#names.has(name)) map.delete(name);
    }
    for (const name of this.#names) if (!this.#askedAtMs.has(name)) this.#askedAtMs.set(name, nowMs);
  }

  /** On a new stream everything is asked for anew. */
  askedAgain(nowMs: number): void {
    for (const name of this.#names) this.#askedAtMs.set(name, nowMs);
  }

  /** Whether it is known, or known not to exist. */
  isSettled(name: string): boolean {
    return this.known.has(name) || this.absent.has(name);
  }

  take(given: { name?: string; version: string; content: Any | undefined }): Taken {
    const same = this.#asBefore(given);
    if (same !== undefined) return { name: same, changed: this.absent.delete(same) };
    const { name, value, encoded, error } = this.#read(given);
    // Without a name it cannot be read at all, and is nobody's.
    if (error !== undefined && name === '') return { name, changed: false, error };
    if (this.#isUnwanted(name)) return { name, changed: false };
    const before = this.known.get(name);
    if (error !== undefined || value === undefined) return this.#reject(name, error!);
    const { resources } = clientLimits;
    if (before === undefined && this.known.size >= resources)
      return this.#reject(name, `is one too many: there are ${resources} already`);
    this.rejected.delete(name);
    const changed = this.absent.delete(name) || before === undefined || !sameBytes(before.encoded, encoded);
    this.known.set(name, { version: given.version, encoded, value: changed ? value : before.value });
    return { name, changed };
  }

  /**
   * In the state of the world each response has all listeners and clusters, most of them as they were: these are not
   * read again, nor is what is unsupported in them said again.
   * @returns the name of a resource whose content is the one that is known
   */
  #asBefore({ version, content }: { version: string; content: Any | undefined }): string | undefined {
    if (content?.typeUrl !== typeUrlOf(this.type)) return undefined;
    const name = nameOf(content.value);
    const known = name === undefined ? undefined : this.known.get(name);
    if (known === undefined || !sameBytes(known.encoded, content.value)) return undefined;
    this.rejected.delete(name!);
    known.version = version;
    return name;
  }

  #reject(name: string, error: string): Taken {
    if (this.rejected.has(name) || this.rejected.size < clientLimits.resources)
      this.rejected.set(name, error);
    return { name, changed: false, error };
  }

  /**
   * The server says that it has no such resource.
   * Listeners and clusters go by this word. Routes and endpoints go with what named them: a server that has just started,
   * or has just been told of a service, may not know them yet, so the last good are kept, and the first are waited for.
   * @returns whether anything has changed
   */
  remove(name: string): boolean {
    if (this.#isUnwanted(name)) return false;
    if (this.type === 'route' || this.type === 'endpoints') {
      if (this.known.has(name))
        this.#warn(
          `${this.type} ${name}: the server has it no more; the last good one is kept while it is named`,
        );
      return false;
    }
    const changed = this.known.delete(name) || !this.absent.has(name);
    if (!this.wildcard) this.absent.add(name);
    return changed;
  }

  /**
   * A server that has never answered about this type is silent, which says nothing of what it has: that is waited for.
   * @returns the names that have been asked for since before `sinceMs` without a word; they count as absent from now on
   */
  overdue(sinceMs: number): string[] {
    if (!this.answered) return [];
    const late = [...this.#names].filter(
      (name) => !this.isSettled(name) && this.#askedAtMs.get(name)! <= sinceMs,
    );
    for (const name of late) this.absent.add(name);
    return late;
  }

  #isUnwanted(name: string): boolean {
    return !this.wildcard && !this.#names.has(name);
  }

  #read({ name: given = '', content }: { name?: string; content: Any | undefined }): {
    name: string;
    encoded: Uint8Array;
    value?: Parsed[T];
    error?: string;
  } {
    const encoded = content?.value ?? new Uint8Array(0);
    let name = given;
    try {
      const expected = typeUrlOf(this.type);
      if (content?.typeUrl !== expected)
        throw new Refusal(`is a ${content?.typeUrl ?? 'nothing'}, not a ${expected}`);
      const { name: own, parse } = readers[this.type](encoded);
      if (own !== '') name = own;
      checkedName('it', own);
      const warn = (reason: string) => this.#warn(`${this.type} ${name}: ${reason}`);
      return { name, encoded, value: parse(warn, this.known.get(name)?.value) };
    } catch (error) {
      // A Refusal, or what the decoder throws at bytes that are no such message: the server's fault in both cases.
      return { name, encoded, error: (error as Error).message };
    }
  }
}

/** What protobuf writes first: field 1, a text, is the name in each of the four types. Undefined: read it as a whole. */
function nameOf(encoded: Uint8Array): string | undefined {
  const [tag, length = 0] = encoded;
  // A length of 128 and more takes more bytes than one, and is rare enough to be read as a whole.
  if (tag !== 0x0a || length >= 128 || encoded.length < 2 + length) return undefined;
  return Buffer.from(encoded.buffer, encoded.byteOffset + 2, length).toString();
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
