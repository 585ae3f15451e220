import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { MissingTargets, whyMissing } from './missing-targets.ts';

const failed = { code: status.UNAVAILABLE, details: 'Name resolution failed for target dns:no.such:50051' };
const fails = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

it.each(['dns:no.such:50051', 'dns:///no.such:50051', 'dns://10.0.0.1/no.such', 'dns:no.such'])(
  'says that the name of %s does not exist when the DNS says so',
  async (target) => {
    const asked: string[] = [];
    const find = (host: string) => {
      asked.push(host);
      return fails('ENOTFOUND')();
    };
    expect(await whyMissing(failed, target, find)).toBe('the name no.such does not exist');
    expect(asked).toEqual(['no.such']);
  },
);

it.each(['EAI_AGAIN', 'ESERVFAIL'])('does not know when the DNS fails with %s', async (code) => {
  expect(await whyMissing(failed, 'dns:///no.such', fails(code))).toBeUndefined();
});

it('does not know when the DNS does not answer in time', async () => {
  expect(await whyMissing(failed, 'dns:///no.such', () => new Promise(() => undefined))).toBeUndefined();
});

it('does not know when the name exists after all', async () => {
  expect(await whyMissing(failed, 'dns:///is.there', () => Promise.resolve())).toBeUndefined();
});

it('takes the xDS resolver at its word', async () => {
  const details = 'Resolution error for target xds:nope: Listener nope does not exist';
  expect(await whyMissing({ code: status.UNAVAILABLE, details }, 'xds:///nope')).toBe(
    'Listener nope does not exist',
  );
});

it.each([
  { code: status.INTERNAL, details: 'Listener nope does not exist' },
  { code: status.UNAVAILABLE, details: 'RouteConfiguration nope-route does not exist' },
  { code: status.UNAVAILABLE, details: 'No connection established' },
])('does not take $details ($code) for a missing service', async (error) => {
  expect(await whyMissing(error, 'xds:///nope', fails('ENOTFOUND'))).toBeUndefined();
});

it('remembers what was missing, until it answers or too many others are', async () => {
  const missing = new MissingTargets(1);
  const report = { calls: 1, messages: [], failed: 1, outOfTime: false };
  const gone = {
    ...report,
    firstFailure: { code: status.UNAVAILABLE, details: 'Listener a does not exist' },
  };
  const late = { ...report, firstFailure: { code: status.DEADLINE_EXCEEDED, details: 'late' } };
  const answered = { ...report, messages: ['Hello'] };

  expect(await missing.judge('xds:///a', late)).toBeUndefined();
  expect(await missing.judge('xds:///a', gone)).toBe('Listener a does not exist');
  expect(await missing.judge('xds:///a', late)).toBe('Listener a does not exist');
  expect(await missing.judge('xds:///a', answered)).toBeUndefined();
  expect(await missing.judge('xds:///a', late)).toBeUndefined();

  await missing.judge('xds:///a', gone);
  await missing.judge('xds:///b', gone);
  expect(await missing.judge('xds:///a', late)).toBeUndefined();
});
