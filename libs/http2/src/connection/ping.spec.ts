import { describe, expect, test } from 'vitest';
import { Flag } from '../frames/constants.ts';
import { headerList } from '../headers/block.ts';
import { Harness, headers, okFields, ping } from '../testing/wire.ts';

const ok = headerList(okFields);

describe('PING', () => {
  test('is answered before everything else that waits', () => {
    const harness = new Harness();
    harness.feed(headers(1));
    harness.connection.sendHeaders(harness.streams[0]!, ok, false);
    harness.feed(ping());
    expect(harness.output()).toEqual(['PING ACK', 'HEADERS 1 :status=200']);
  });

  test('of a busy peer is answered with the next output, if that comes soon', () => {
    const harness = new Harness();
    harness.feed(headers(1));
    harness.tick(4).feed(ping());
    expect(harness).toMatchObject({ outputs: 1, patientOutputs: 1 });
    harness.connection.sendHeaders(harness.streams[0]!, ok, false);
    expect(harness.outputs).toBe(2);
    expect(harness.output()).toEqual(['PING ACK', 'HEADERS 1 :status=200']);
  });

  test('of a peer that waits for DATA behind its windows is answered at once', () => {
    const harness = new Harness();
    harness.feed(headers(1));
    harness.connection.sendHeaders(harness.streams[0]!, ok, false);
    harness.connection.sendData(harness.streams[0]!, Buffer.alloc(100_000), 0, 100_000, false);
    harness.output();
    harness.tick(4).feed(ping());
    expect(harness.patientOutputs).toBe(0);
    expect(harness.output()).toEqual(['PING ACK']);
  });

  test('of a peer that was silent is answered at once', () => {
    const harness = new Harness();
    harness.tick(1000).feed(ping());
    expect(harness).toMatchObject({ outputs: 2, patientOutputs: 0 });
    expect(harness.output()).toEqual(['PING ACK']);
  });

  test('what counts as silent is a limit', () => {
    const harness = new Harness({ limits: { busyPauseMs: 1001 } });
    harness.tick(1000).feed(ping());
    expect(harness.patientOutputs).toBe(1);
  });

  test('of ours measures the round trip', () => {
    const times: number[] = [];
    const harness = new Harness({ events: { onPong: (roundTripMs) => void times.push(roundTripMs) } });
    expect(harness.connection.ping()).toBe(true);
    expect(harness.connection.ping()).toBe(false);
    harness.tick(7).feed(ping('\x03\0\0\0\0\0\0\0', Flag.ACK));
    expect(times).toEqual([7]);
  });
});
