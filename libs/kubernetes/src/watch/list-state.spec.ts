import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressKind, sliceObject } from '../testing/slices.ts';
import { ListState } from './list-state.ts';

const object = (name: string, version: number, addresses: string[] = []) => {
  const slice = sliceObject(name, { endpoints: addresses.map((address) => ({ addresses: [address] })) });
  return { ...slice, metadata: { ...slice.metadata, resourceVersion: `${version}` } };
};
const list = (version: number, items: unknown[], token?: string) => ({
  kind: 'EndpointSliceList',
  metadata: { resourceVersion: `${version}`, ...(token !== undefined && { continue: token }) },
  items,
});
const event = (type: string, name: string, version: number) => ({ type, object: object(name, version) });
const bookmark = (version: number) => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: `${version}` } },
});
const names = (state: ListState<unknown>) =>
  [...state.objects.keys()].map((key) => key.replace('default/', '')).sort();

function watching(...items: string[]) {
  const state = new ListState(addressKind);
  state.page(
    list(
      10,
      items.map((name) => object(name, 1)),
    ),
  );
  return state;
}

describe('ListState', () => {
  it('begins with a list, page by page, and shows it when it is whole', () => {
    const state = new ListState(addressKind);
    expect(state.request).toEqual({ kind: 'list' });
    expect(state.page(list(10, [object('a', 1)], 'more'))).toBe(false);
    expect(state.request).toEqual({ kind: 'list', continueToken: 'more' });
    expect(names(state)).toEqual([]);
    expect(state.page(list(10, [object('b', 2)]))).toBe(true);
    expect(names(state)).toEqual(['a', 'b']);
    expect(state.request).toEqual({ kind: 'watch', resourceVersion: '10', server: '' });
  });

  it('follows events, and resumes at the last one or at a bookmark', () => {
    const state = watching('a');
    expect(state.event(event('ADDED', 'b', 11))).toBe('applied');
    expect(state.event(event('MODIFIED', 'b', 12))).toBe('applied');
    expect(state.event(event('DELETED', 'a', 13))).toBe('applied');
    expect(state.event(event('DELETED', 'a', 14))).toBe('applied');
    expect(names(state)).toEqual(['b']);
    expect(state.event(bookmark(20))).toBe('applied');
    expect(state.request).toEqual({ kind: 'watch', resourceVersion: '20', server: '' });
  });

  it('lists again when the history is gone, keeps what it has until then, and drops what was deleted meanwhile', () => {
    const state = watching('a', 'b');
    const gone = {
      type: 'ERROR',
      object: { kind: 'Status', code: 410, message: 'too old resource version' },
    };
    expect(state.event(gone)).toBe('expired');
    expect(state.request).toEqual({ kind: 'list' });
    expect(names(state)).toEqual(['a', 'b']);
    state.page(list(30, [object('b', 1), object('c', 29)]));
    expect(names(state)).toEqual(['b', 'c']);
  });

  it('forgets the pages of a list that begins again', () => {
    const state = new ListState(addressKind);
    state.page(list(10, [object('a', 1)], 'more'));
    state.relist();
    state.page(list(11, [object('b', 2)]));
    expect(names(state)).toEqual(['b']);
  });

  it.each([
    ['UNREACHABLE', { type: 'ERROR', object: { code: 500, message: 'etcd is slow' } }, 'etcd is slow'],
    ['UNREACHABLE', { type: 'ERROR' }, 'ended the watch'],
    ['INVALID', event('RENAMED', 'a', 11), 'no watch event'],
    ['INVALID', { type: 'ADDED', object: {} }, 'no watch event'],
    ['INVALID', { type: 'ADDED', object: { metadata: { resourceVersion: '11' } } }, 'no EndpointSlice: '],
    ['INVALID', 7, 'no watch event: 7'],
    ['INVALID', null, 'no watch event'],
  ])('refuses as %s the event %j, and keeps what it has', (code, given, reason) => {
    const state = watching('a');
    expect(() => state.event(given)).toThrow(reason);
    expect(() => state.event(given)).toThrow(expect.objectContaining({ code }));
    expect(names(state)).toEqual(['a']);
    expect(state.request).toEqual({ kind: 'watch', resourceVersion: '10', server: '' });
  });

  it.each([
    [{ kind: 'PodList', metadata: { resourceVersion: '1' }, items: [] }],
    [{ kind: 'EndpointSliceList', metadata: {}, items: [] }],
    [{ kind: 'EndpointSliceList', metadata: { resourceVersion: '1' } }],
    [null],
  ])('refuses %j as a list', (given) => {
    expect(() => new ListState(addressKind).page(given)).toThrow(
      expect.objectContaining({ code: 'INVALID' }),
    );
  });

  it('refuses more objects than the limit, in a list and in an event', () => {
    const state = new ListState(addressKind, 2);
    const items = ['a', 'b', 'c'].map((name) => object(name, 1));
    expect(() => state.page(list(1, items))).toThrow('3 endpointslices; at most 2 are followed');
    state.relist();
    state.page(list(1, items.slice(0, 2)));
    state.event(event('MODIFIED', 'a', 2));
    expect(() => state.event(event('ADDED', 'c', 3))).toThrow(expect.objectContaining({ code: 'TOO_MANY' }));
    expect(names(state)).toEqual(['a', 'b']);
  });

  it('tells which objects changed, and keeps what is the same after another list', () => {
    const state = watching('a', 'b');
    expect([...state.takeChanged()]).toEqual(['default/a', 'default/b']);
    const before = state.objects.get('default/b');
    state.event(event('DELETED', 'a', 11));
    state.event(event('DELETED', 'a', 12));
    state.event(bookmark(13));
    expect([...state.takeChanged()]).toEqual(['default/a']);
    state.relist();
    state.page(list(20, [object('b', 1), object('c', 19)]));
    expect([...state.takeChanged()]).toEqual(['default/c']);
    expect(state.objects.get('default/b')).toBe(before);
    state.relist();
    state.page(list(30, [object('b', 29)]));
    expect([...state.takeChanged()].sort()).toEqual(['default/b', 'default/c']);
  });

  it('ends with what the server has, whatever happened in between', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), name }),
      fc.record({ kind: fc.constant('delete' as const), name }),
      fc.record({ kind: fc.constantFrom('bookmark', 'gap', 'gone' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const server = new Map<string, number>();
        const missed: unknown[] = [];
        const state = watching();
        let version = 10;
        let away = false;
        const deliver = (given: unknown) => (away ? missed.push(given) : state.event(given));
        const relist = () => {
          state.relist();
          state.page(
            list(
              version,
              [...server].map(([each, of]) => object(each, of)),
            ),
          );
          missed.length = 0;
          away = false;
        };
        for (const each of steps) {
          version++;
          if (each.kind === 'put') {
            deliver(event(server.has(each.name) ? 'MODIFIED' : 'ADDED', each.name, version));
            server.set(each.name, version);
          } else if (each.kind === 'delete') {
            if (server.delete(each.name)) deliver(event('DELETED', each.name, version));
          } else if (each.kind === 'bookmark') deliver(bookmark(version));
          else if (each.kind === 'gap') away = true;
          else relist();
        }
        away = false;
        // The watch resumes: what was missed comes now, in order.
        for (const given of missed) state.event(given);
        expect(names(state)).toEqual([...server.keys()].sort());
      }),
    );
  });
});
