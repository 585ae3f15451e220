import { DiscoveryError } from '@evenly/endpoints';

/** A target as grpc-js takes it apart. */
export interface Uri {
  scheme?: string;
  authority?: string;
  path: string;
}

/** As the user wrote it. */
export function text({ scheme, authority, path }: Uri): string {
  return `${scheme === undefined ? '' : `${scheme}:`}${authority === undefined ? '' : `//${authority}/`}${path}`;
}

export const badTarget = (uri: Uri, expected: string) =>
  new DiscoveryError('BAD_CONFIG', `cannot read the target ${text(uri)}: expected ${expected}`);

/** `host:port`, `[::1]:port`. The part before the last colon, and what is behind it. */
export const splitPort = (path: string): [string, string | undefined] => {
  const match = /^(.*):([^:\]]+)$/.exec(path);
  return match ? [match[1]!, match[2]!] : [path, undefined];
};

export const isPort = (port: string) => /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
