import type { ReferenceGrant } from '../objects/reference-grant.ts';

/** Who refers to something. */
export interface Referrer {
  group: string;
  kind: string;
  namespace: string;
}

/** What is referred to. */
export interface Target {
  group: string;
  kind: string;
  namespace: string;
  name: string;
}

/** Which references from one namespace into another are allowed: those that somebody in the other one has granted. */
export class Grants {
  /** By the namespace of what is referred to. */
  readonly #byNamespace = new Map<string, ReferenceGrant[]>();

  constructor(grants: Iterable<ReferenceGrant>) {
    for (const grant of grants) {
      const { namespace } = grant.meta;
      const known = this.#byNamespace.get(namespace);
      if (known === undefined) this.#byNamespace.set(namespace, [grant]);
      else known.push(grant);
    }
  }

  permit(from: Referrer, to: Target): boolean {
    if (from.namespace === to.namespace) return true;
    const grants = this.#byNamespace.get(to.namespace) ?? [];
    return grants.some(
      (grant) =>
        grant.from.some(
          ({ group, kind, namespace }) =>
            group === from.group && kind === from.kind && namespace === from.namespace,
        ) &&
        grant.to.some(
          ({ group, kind, name }) =>
            group === to.group && kind === to.kind && (name === undefined || name === to.name),
        ),
    );
  }
}
