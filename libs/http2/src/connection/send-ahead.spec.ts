import { expect, test } from 'vitest';
import { SettingId } from '../frames/constants.ts';
import { headerList } from '../headers/block.ts';
import { Harness, headers, okFields, settings, windowUpdate } from '../testing/wire.ts';

const mebibyte = 1_048_576;
const bytes = Buffer.alloc(200_000);

/** A stream whose windows let much out, and how often the transport was told to take what there is. */
function responding(flush: (harness: Harness) => void) {
  let flushes = 0;
  const harness: Harness = new Harness({
    flush: () => {
      flushes++;
      flush(harness);
    },
  });
  harness.feed(settings([SettingId.INITIAL_WINDOW_SIZE, mebibyte]), windowUpdate(0, mebibyte), headers(1));
  const [stream] = harness.streams;
  harness.connection.sendHeaders(stream!, headerList(okFields), false);
  const send = () => harness.connection.sendData(stream!, bytes, 0, bytes.length, false);
  return { harness, send, flushes: () => flushes };
}

test('what is far ahead of the transport leaves in the middle of a turn, instead of being queued', () => {
  const { send, flushes } = responding((harness) => void harness.take());
  expect(send()).toBe(bytes.length);
  expect(flushes()).toBe(1);
});

test('a transport that takes no more gets no more', () => {
  const { harness, send, flushes } = responding((one) => one.connection.setWritable(false));
  expect(send()).toBeLessThan(bytes.length);
  expect(flushes()).toBe(1);
  expect(send()).toBe(0);
  expect(flushes()).toBe(1);
  expect(harness.closedWith).toBe('open');
});

test('the stream may end meanwhile: its bytes are nobody’s', () => {
  const { send } = responding((harness) => harness.connection.close());
  expect(send()).toBe(bytes.length);
});
