import { mkdtemp, rename, rm, symlink, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate, type SelfsignedOptions } from 'selfsigned';

/** A certificate and its key, in PEM. */
export interface Pair {
  cert: string;
  key: string;
}

const common = { keyType: 'ec', algorithm: 'sha256' } as const;

async function make(name: string, options: SelfsignedOptions): Promise<Pair> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    ...common,
    ...options,
  });
  return { cert, key };
}

/** An authority that signs certificates. */
export async function authority(name: string) {
  const own = await make(name, {
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  const issue = (
    commonName: string,
    names: { uris?: string[]; dnsNames?: string[]; ips?: string[] },
    days = 1,
  ) => {
    const altNames = [
      ...(names.uris ?? []).map((value) => ({ type: 6 as const, value })),
      ...(names.dnsNames ?? []).map((value) => ({ type: 2 as const, value })),
      ...(names.ips ?? []).map((ip) => ({ type: 7 as const, ip })),
    ];
    const dayMs = 24 * 3_600_000;
    return make(commonName, {
      ca: own,
      notBeforeDate: new Date(Date.now() - 10 * dayMs),
      notAfterDate: new Date(Date.now() + days * dayMs),
      // Never an empty list: selfsigned would add names of its own.
      extensions: [
        { name: 'keyUsage', digitalSignature: true },
        ...(altNames.length > 0 ? [{ name: 'subjectAltName' as const, altNames }] : []),
      ],
    });
  };
  return { ...own, issue };
}

/**
 * A folder with `tls.crt`, `tls.key` and `ca.crt` as Kubernetes mounts a Secret: the files are symlinks through `..data`
 * to a folder that is swapped as a whole.
 */
export async function secretFolder(first: Record<string, string>) {
  const directory = await mkdtemp(join(tmpdir(), 'evenly-tls-'));
  let generation = 0;
  const swap = async (files: Record<string, string>) => {
    const name = `..${++generation}`;
    await mkdir(join(directory, name));
    for (const [file, text] of Object.entries(files)) await writeFile(join(directory, name, file), text);
    await symlink(name, join(directory, '..data_tmp'));
    await rename(join(directory, '..data_tmp'), join(directory, '..data'));
  };
  await swap(first);
  for (const file of Object.keys(first)) await symlink(join('..data', file), join(directory, file));
  return {
    path: (file: string) => join(directory, file),
    swap,
    remove: () => rm(directory, { recursive: true }),
  };
}
