import { authority, secretFolder } from '@evenly/local-cluster';
import { expect, it } from 'vitest';
import { readCertificates } from './certificates.ts';
import { LiveCertificates } from './live-certificates.ts';

const filesOf = ({ cert, key }: { cert: string; key: string }, ca: string) => ({
  'tls.crt': cert,
  'tls.key': key,
  'ca.crt': ca,
});

it('takes what fits together, and keeps the last good ones otherwise', async () => {
  const ca = await authority('test');
  const [first, second] = await Promise.all([ca.issue('first', {}, 100), ca.issue('second', {})]);
  const folder = await secretFolder(filesOf(first, ca.cert));
  const taken: string[] = [];
  const refused: string[] = [];
  const files = { cert: folder.path('tls.crt'), key: folder.path('tls.key'), ca: folder.path('ca.crt') };
  const live = await LiveCertificates.start({
    files,
    onTaken: ({ cert }) => taken.push(cert!.toString()),
    onRefused: ({ message }) => refused.push(message),
    settleMs: 20,
  });
  await folder.swap(filesOf({ cert: second.cert, key: first.key }, ca.cert));
  await expect.poll(() => refused.join()).toContain('tls.key: does not belong to');
  expect(live.error).toContain('tls.key');
  expect(live.current.cert!.toString()).toBe(first.cert);
  const { untilMs } = live.current.validity!;
  const error = live.error!;
  expect(live.status(Date.now())).toEqual([
    { file: files.cert, validUntil: new Date(untilMs).toISOString(), endsSoon: false, error },
    { file: files.ca, validUntil: expect.any(String) as string, endsSoon: false, error },
  ]);
  expect(live.status(untilMs).map(({ endsSoon }) => endsSoon)).toEqual([true, false]);
  await folder.swap(filesOf(second, ca.cert));
  await expect.poll(() => taken).toEqual([second.cert]);
  expect(live.error).toBeUndefined();
  live.stop();
  await folder.remove();
});

it('reads authorities alone too', async () => {
  const ca = await authority('test');
  const folder = await secretFolder({ 'ca.crt': `${ca.cert}\n${ca.cert}` });
  const read = await readCertificates({ ca: folder.path('ca.crt') }, Date.now());
  expect(Object.keys(read)).toEqual(['ca', 'caValidity']);
  await expect(readCertificates({ ca: folder.path('gone') }, Date.now())).rejects.toThrow('cannot be read');
  await folder.remove();
});
