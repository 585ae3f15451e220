import { describe, expect, it } from 'vitest';
import { LogTail, readableLine } from './log-tail.ts';

describe('a line of a log', () => {
  const time = '2026-01-02T03:04:05.678Z';

  it('is words for a person, with what it is about', () => {
    const line = {
      level: 'warn',
      time,
      app: 'xds-server',
      msg: 'no endpoints',
      service: 'be1-srv',
      tries: 3,
    };
    expect(readableLine(JSON.stringify(line))).toBe('03:04:05 warn: no endpoints (service be1-srv, tries 3)');
  });

  it('says of an error its message, and not twice where something listens', () => {
    const failed = {
      level: 'error',
      time,
      msg: 'failed',
      err: { message: 'no luck', stack: 'Error: no luck\n at' },
    };
    expect(readableLine(JSON.stringify(failed))).toBe('03:04:05 error: failed (err no luck)');
    const listening = { event: 'listening', what: 'grpc', address: '::1', port: 1, msg: 'grpc on [::1]:1' };
    expect(readableLine(JSON.stringify(listening))).toBe('grpc on [::1]:1');
  });

  it.each(['plain text', '{"cut": "he', '{"no":"message"}', 'null'])('is left alone: %s', (line) => {
    expect(readableLine(line)).toBe(line);
  });

  it('moves no cursor and begins no line, whatever a peer has sent', () => {
    const line = JSON.stringify({ msg: 'refused', name: 'a\u001b[2Jb\nc\u0085' });
    expect(readableLine(line)).toBe('refused (name a\\u001b[2Jb\\u000ac\\u0085)');
  });

  it('is kept as it was, for programs', () => {
    const tail = new LogTail();
    tail.add('{"msg":"a"}');
    expect(tail.lines).toEqual(['{"msg":"a"}']);
    expect(tail.text).toBe('  a');
  });
});
