import type { ClientId } from '../subset.ts';
import type { Place } from './zone-preference.ts';

/** Who looks: a client or a proxy. */
export interface Viewer extends Place {
  /** Decides which subset it gets. */
  readonly id: ClientId;
  /** The Kubernetes node that it runs on, for hints; empty = not known. */
  readonly node: string;
}

/** Nobody in particular, nowhere in particular. */
export const anyViewer: Viewer = { id: '', region: '', zone: '', node: '' };
