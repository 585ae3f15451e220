import type { ObjectStatus } from '@evenly/gateway-api';
import { describe, expect, it } from 'vitest';
import { statusPatch } from './status-patch.ts';

const by = { controllerName: 'ours', now: new Date('2026-01-02T03:04:05.678Z') };
const time = '2026-01-02T03:04:05Z';
const earlier = '2025-01-01T00:00:00Z';

const accepted = (status: 'True' | 'False', observedGeneration = 1) => ({
  type: 'Accepted',
  status,
  reason: 'Accepted',
  message: '',
  observedGeneration,
});
const route = (...parents: object[]) => ({ parents }) as ObjectStatus['status'];
const parent = (controllerName: string, ...conditions: object[]) => ({
  parentRef: { name: 'gateway' },
  controllerName,
  conditions,
});

describe('statusPatch', () => {
  it('gives a new condition the time of now', () => {
    expect(statusPatch(route(parent('ours', accepted('True'))), undefined, by)).toEqual({
      status: { parents: [parent('ours', { ...accepted('True'), lastTransitionTime: time })] },
    });
  });

  it('keeps the time of a condition that is as it was, though the generation is another', () => {
    const standing = route(parent('ours', { ...accepted('True', 1), lastTransitionTime: earlier }));
    expect(statusPatch(route(parent('ours', accepted('True', 2))), standing, by)).toEqual({
      status: { parents: [parent('ours', { ...accepted('True', 2), lastTransitionTime: earlier })] },
    });
    expect(statusPatch(route(parent('ours', accepted('False', 2))), standing, by)).toMatchObject({
      status: { parents: [{ conditions: [{ status: 'False', lastTransitionTime: time }] }] },
    });
  });

  it('has nothing to write when it stands there already, whatever else does', () => {
    const standing = {
      ...route(parent('ours', { ...accepted('True'), lastTransitionTime: earlier })),
      another: 'field',
    };
    expect(statusPatch(route(parent('ours', accepted('True'))), standing, by)).toBeUndefined();
  });

  it('leaves the entries of other controllers as they are', () => {
    const theirs = parent('theirs', { ...accepted('False'), lastTransitionTime: earlier });
    const older = parent('theirs', { ...accepted('True'), lastTransitionTime: earlier });
    const patch = statusPatch(route(older, parent('ours', accepted('True'))), { parents: [theirs] }, by);
    expect(patch).toMatchObject({ status: { parents: [theirs, { controllerName: 'ours' }] } });
    expect(statusPatch(route(older), { parents: [theirs] }, by)).toBeUndefined();
    expect(statusPatch(route(), undefined, by)).toBeUndefined();
    // Where it came first, it stays first; where it is no more ours, it goes.
    const ours = parent('ours', { ...accepted('True'), lastTransitionTime: earlier });
    expect(
      statusPatch(route(parent('ours', accepted('True'))), { parents: [ours, theirs] }, by),
    ).toBeUndefined();
    expect(statusPatch(route(), { parents: [ours, theirs] }, by)).toEqual({ status: { parents: [theirs] } });
  });

  it('tells listeners by name', () => {
    const listener = (name: string, ...conditions: object[]) => ({
      name,
      supportedKinds: [],
      attachedRoutes: 0,
      conditions,
    });
    const wanted = {
      conditions: [],
      listeners: [listener('a', accepted('True')), listener('b', accepted('True'))],
      addresses: [],
      attachedListenerSets: 0,
    } as ObjectStatus['status'];
    const standing = { listeners: [listener('b', { ...accepted('True'), lastTransitionTime: earlier })] };
    expect(statusPatch(wanted, standing, by)?.status.listeners).toMatchObject([
      { name: 'a', conditions: [{ lastTransitionTime: time }] },
      { name: 'b', conditions: [{ lastTransitionTime: earlier }] },
    ]);
  });

  it.each([null, 7, 'x', [], { parents: 'x' }, { parents: [null, 7, { conditions: 'x' }] }])(
    'writes over what is no status: %j',
    (standing) => {
      expect(statusPatch(route(parent('ours', accepted('True'))), standing, by)).toMatchObject({
        status: { parents: [{ conditions: [{ lastTransitionTime: time }] }] },
      });
    },
  );
});
