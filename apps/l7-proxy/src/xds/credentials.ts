import { readFile } from 'node:fs/promises';
import { credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { ServiceError } from '@evenly/service';

export interface TlsFiles {
  xdsTls: boolean;
  xdsTlsCa: string | undefined;
  xdsTlsCert: string | undefined;
  xdsTlsKey: string | undefined;
}

/**
 * How to speak to the xDS server, read anew for each connection: certificates are replaced while a program runs.
 * @throws ServiceError BAD_CONFIG that names the file
 */
export async function xdsCredentials(files: TlsFiles): Promise<ChannelCredentials> {
  const { xdsTls, xdsTlsCa, xdsTlsCert, xdsTlsKey } = files;
  if ((xdsTlsCert === undefined) !== (xdsTlsKey === undefined)) {
    throw new ServiceError('BAD_CONFIG', '--xds-tls-cert and --xds-tls-key go together');
  }
  if (!xdsTls && xdsTlsCa === undefined && xdsTlsCert === undefined) return credentials.createInsecure();
  const [ca, cert, key] = await Promise.all([
    pemOf('--xds-tls-ca', xdsTlsCa),
    pemOf('--xds-tls-cert', xdsTlsCert),
    pemOf('--xds-tls-key', xdsTlsKey),
  ]);
  try {
    return credentials.createSsl(ca, key, cert);
  } catch (cause) {
    const paths = [xdsTlsCa, xdsTlsCert, xdsTlsKey].filter((path) => path !== undefined).join(', ');
    throw new ServiceError('BAD_CONFIG', `cannot use ${paths}: ${(cause as Error).message}`, { cause });
  }
}

async function pemOf(option: string, path: string | undefined): Promise<Buffer | null> {
  if (path === undefined) return null;
  try {
    const pem = await readFile(path);
    if (!pem.includes('-----BEGIN ')) throw new Error('it holds no PEM');
    return pem;
  } catch (cause) {
    throw new ServiceError('BAD_CONFIG', `${option} ${path}: ${(cause as Error).message}`, { cause });
  }
}
