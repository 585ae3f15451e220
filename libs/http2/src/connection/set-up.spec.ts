import { describe, expect, test } from 'vitest';
import { CLIENT_PREFACE } from '../frames/constants.ts';
import { headerList } from '../headers/block.ts';
import { Harness, headers, okFields, settings } from '../testing/wire.ts';

const preface = Buffer.from(CLIENT_PREFACE);
const ok = headerList(okFields);

describe("a server's SETTINGS", () => {
  test('leave with the answer where the client has called already', () => {
    const harness = new Harness({ raw: true });
    harness.feed(preface, settings(), headers(1));
    expect(harness).toMatchObject({ outputs: 0, patientOutputs: 1 });
    harness.connection.sendHeaders(harness.streams[0]!, ok, false);
    expect(harness.outputs).toBe(1);
    const sent = harness.output();
    expect(sent.map((frame) => frame.split(' ')[0])).toEqual([
      'SETTINGS',
      'WINDOW_UPDATE',
      'SETTINGS',
      'HEADERS',
    ]);
  });

  test('leave at once where it has not', () => {
    const harness = new Harness({ raw: true });
    harness.feed(preface, settings());
    expect(harness).toMatchObject({ outputs: 1, patientOutputs: 0 });
  });

  test('leave at once where its calls come later', () => {
    const harness = new Harness({ raw: true });
    harness.feed(preface, settings()).feed(headers(1));
    expect(harness).toMatchObject({ outputs: 1, patientOutputs: 0 });
  });

  test('have left, and nothing waits for them any more', () => {
    const harness = new Harness({ raw: true });
    harness.feed(preface, settings(), headers(1)).output();
    harness.feed(settings());
    expect(harness).toMatchObject({ outputs: 1, patientOutputs: 1 });
  });
});
