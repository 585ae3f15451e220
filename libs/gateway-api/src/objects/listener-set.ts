import * as z from 'zod';
import { listeners, type ListenerSpec } from './listener.ts';
import { gatewayGroup } from './meta.ts';
import { field, reader, type Read } from './read.ts';
import { reference } from './values.ts';

/** Listeners that somebody else than the Gateway's owner adds to it. */
export type ListenerSet = Read<{
  parentRef: z.output<typeof parentRef>;
  listeners: readonly ListenerSpec[];
}>;

const parentRef = reference({ group: gatewayGroup, kind: 'Gateway' });

export const readListenerSet = reader(
  'ListenerSet',
  z.object({ spec: z.object({ parentRef, listeners }) }),
  ({ spec }) => spec,
  (object) => ({
    parentRef: field(object, ['spec', 'parentRef'], parentRef) ?? { group: '', kind: '', name: '' },
    listeners: [],
  }),
);
