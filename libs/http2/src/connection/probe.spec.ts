import { describe, expect, test } from 'vitest';
import { headerList } from '../headers/block.ts';
import * as wire from '../testing/wire.ts';
import { Harness } from '../testing/wire.ts';

const { data, headers, settingsAck } = wire;
const request = headerList(wire.postFields);
const response = wire.okFields;

const client = (probeAfterMs = 6000) =>
  new Harness({ role: 'client', limits: { probeAfterMs, probeTimeoutMs: 10_000, keepaliveIntervalMs: 0 } });
const call = (harness: Harness) => {
  harness.connection.open(request, true);
  harness.output();
};

describe('a peer that has been silent since something was sent', () => {
  test('is asked by an empty SETTINGS, and given up when nothing comes', () => {
    const harness = client();
    call(harness);
    harness.tick(5999);
    expect(harness.output()).toEqual([]);
    harness.tick(1);
    expect(harness.output()).toEqual(['SETTINGS']);
    harness.tick(9999).tick(1);
    expect(harness.closedWith).toBe('open'); // the first look after a pause may come before what was sent meanwhile
    harness.tick(1000);
    expect(harness.log).toContainEqual(expect.stringMatching(/^reset 1 NO_ERROR connection/));
    expect(harness.finished).toBe(true);
  });

  test('also when its calls have been given up: whoever has short deadlines finds it as well', () => {
    const harness = client();
    for (let second = 0; second < 16; second++) {
      const stream = harness.connection.open(request, true)!;
      harness.tick(500);
      harness.connection.reset(stream, 8);
      harness.tick(500);
    }
    harness.tick(1000);
    expect(harness.finished).toBe(true);
  });

  test('is well when it says anything at all, and is asked again only when something was sent since', () => {
    const harness = client();
    call(harness);
    harness.tick(6000);
    expect(harness.output()).toEqual(['SETTINGS']);
    harness.feed(settingsAck());
    for (let minute = 0; minute < 10; minute++) harness.tick(60_000);
    expect(harness.output()).toEqual([]);
    call(harness);
    harness.tick(6000);
    expect(harness.output()).toEqual(['SETTINGS']);
    harness.feed(headers(1, response)).tick(10_000).tick(10_000);
    expect(harness.closedWith).toBe('open');
  });

  test('is never sent a PING by it, however long its calls take', () => {
    const harness = client();
    const sent: string[] = [];
    for (let minute = 0; minute < 30; minute++) {
      harness.connection.open(request, true);
      harness.tick(30_000);
      sent.push(...harness.output());
      harness.feed(settingsAck()).tick(30_000);
      sent.push(...harness.output());
    }
    expect(sent.filter((frame) => frame === 'SETTINGS')).toHaveLength(30);
    expect(sent.join()).not.toContain('PING');
  });

  test('content counts as something sent; silence after an answer does not', () => {
    const harness = client();
    const stream = harness.connection.open(request, false)!;
    harness.feed(headers(1, response));
    for (let minute = 0; minute < 10; minute++) harness.tick(60_000);
    harness.output();
    harness.connection.sendData(stream, Buffer.from('x'), 0, 1, false);
    harness.output();
    harness.tick(6000);
    expect(harness.output()).toEqual(['SETTINGS']);
    harness.feed(data(1, 'y')).tick(20_000).tick(20_000);
    expect(harness.closedWith).toBe('open');
  });

  test('0 is never', () => {
    const harness = client(0);
    call(harness);
    for (let minute = 0; minute < 10; minute++) harness.tick(60_000);
    expect(harness.output()).toEqual([]);
  });
});
