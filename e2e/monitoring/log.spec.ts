import { describe, expect, inject, it } from 'vitest';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

describe.each(inject('apps'))('the log of $app', ({ app, log }) => {
  const lines = log.map((line) => JSON.parse(line) as Record<string, unknown>);

  it('is JSON lines with the same fields in every app', () => {
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(line).toMatchObject({ app: app.split(' ')[0], msg: expect.any(String) as string });
      expect(levels).toContain(line['level']);
      expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
  });

  it('says why by `reason`, and a fault of the program by `err`', () => {
    for (const line of lines)
      for (const other of ['error', 'why', 'fault', 'message']) expect(line).not.toHaveProperty(other);
  });

  it('says where it listens, in a form for programs', () => {
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'listening', what: 'admin', port: expect.any(Number) as number }),
    );
  });
});
