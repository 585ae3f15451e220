import { randomUUID } from 'node:crypto';
import type { ServedKind, StoredObject } from './objects.ts';

interface Rest {
  of: ServedKind;
  objects: readonly StoredObject[];
  version: number;
}

/** Lists that are under way; the oldest is forgotten beyond that. */
const maxRests = 100;

/** Lists page by page: all pages show the state of the first one, as `continue` promises. */
export class Pages {
  readonly #rests = new Map<string, Rest>();

  /** @param limit 0 = everything */
  first(of: ServedKind, objects: readonly StoredObject[], version: number, limit: number) {
    const pageSize = limit > 0 ? limit : objects.length;
    const rest = objects.slice(pageSize);
    const token = rest.length > 0 ? this.#keep({ of, objects: rest, version }) : undefined;
    return {
      kind: `${of.kind}List`,
      apiVersion: of.apiVersion,
      metadata: { resourceVersion: `${version}`, ...(token !== undefined && { continue: token }) },
      items: objects.slice(0, pageSize),
    };
  }

  /** @returns undefined when the token is not known, or no more: 410 Gone */
  next(token: string, limit: number) {
    const rest = this.#rests.get(token);
    return rest && this.first(rest.of, rest.objects, rest.version, limit);
  }

  expire(): void {
    this.#rests.clear();
  }

  #keep(rest: Rest): string {
    const token = randomUUID();
    this.#rests.set(token, rest);
    if (this.#rests.size > maxRests) this.#rests.delete(this.#rests.keys().next().value!);
    return token;
  }
}
