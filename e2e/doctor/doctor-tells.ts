import { expect } from 'vitest';
import { eventually } from '../shared/wait.ts';
import { linesOf, reportOf } from './doctor.ts';
import { expected, namespacesOf } from './expected.ts';

/** Waits until pods are there, into which a mesh may have put something, and the doctor says what is expected. */
export const doctorTells = (overlay: string): Promise<void> =>
  eventually(async () => {
    const report = await reportOf(`--namespace=${namespacesOf(overlay).join(',')}`);
    expect(linesOf(report)).toEqual(expected[overlay]);
    expect(report.notRead).toEqual([]);
  }, 60_000);
