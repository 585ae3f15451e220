import { describe, expect, test } from 'vitest';
import { FrameType } from '../../frames/constants.ts';
import { defaultLimits } from '../../limits.ts';
import * as wire from '../../testing/wire.ts';
import { Harness } from '../../testing/wire.ts';

const { frame, headers, data, settings } = wire;

describe('slowness ends the connection', () => {
  test('no preface or SETTINGS', () => {
    const harness = new Harness({ raw: true }).tick(defaultLimits.headerTimeoutMs);
    expect(harness.closeCode).toBe('SETTINGS_TIMEOUT');
  });

  test('no answer to our SETTINGS', () => {
    const harness = new Harness({ raw: true }).feed(
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      settings(),
    );
    expect(harness.tick(defaultLimits.settingsTimeoutMs).closeCode).toBe('SETTINGS_TIMEOUT');
  });

  test.each([
    ['a header block without its CONTINUATION', frame(FrameType.HEADERS, 0, 1, [0x82])],
    ['a HEADERS frame sent byte by byte (slow loris)', headers(1).subarray(0, 12)],
  ])('%s', (_name, bytes) => {
    const harness = new Harness().feed(bytes);
    harness.tick(defaultLimits.headerTimeoutMs - 1);
    expect(harness.closeCode).toBe('open');
    expect(harness.tick(1).closeCode).toBe('ENHANCE_YOUR_CALM');
  });

  test('but not a busy client whose chunks always end inside a frame', () => {
    const harness = new Harness();
    const frames = wire.ping();
    harness.feed(frames.subarray(0, 12));
    for (let second = 0; second < 60; second++) {
      harness.tick(1000).feed(frames.subarray(12), frames.subarray(0, 12));
      harness.take();
    }
    expect(harness.closeCode).toBe('open');
  });

  test('a keepalive PING without an answer; any byte counts as life', () => {
    const harness = new Harness({ limits: { keepaliveIntervalMs: 5000, keepaliveTimeoutMs: 2000 } });
    harness.feed(headers(1)).tick(5000);
    expect(harness.output()).toEqual(['PING']);
    harness.tick(1000).feed(data(1, 'x')).tick(1999);
    expect(harness.closeCode).toBe('open');
    expect(harness.tick(1).finished).toBe(true);
  });

  test('idleness drains, in two phases', () => {
    const harness = new Harness({ limits: { idleTimeoutMs: 60_000 } }).tick(60_000);
    expect(harness.output()).toEqual(['GOAWAY 2147483647 NO_ERROR', 'PING']);
    expect(harness.tick(1000).closeCode).toBe('NO_ERROR');
  });
});
