/** Why a resource cannot be used: what a NACK says. */
export class Refusal extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'Refusal';
  }
}

/** Told of what is unsupported in a resource that is used all the same. */
export type Warn = (reason: string) => void;

/** @throws Refusal with `reason` when something is asked for that is not done */
export function refuseIf(unsupported: boolean, reason: string): void {
  if (unsupported) throw new Refusal(reason);
}
