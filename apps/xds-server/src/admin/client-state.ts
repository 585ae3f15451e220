import type { ClientStatus, TypeStatus } from '../xds-port/status.ts';

/** A version is a hash; its beginning tells it apart. */
export const short = (version: string | undefined) => version?.slice(0, 8) ?? '–';

export const nodeName = ({ node }: Pick<ClientStatus, 'node'>) => (node === '' ? '(no node id)' : node);

/** A response that is not answered for longer than this is a problem. */
const slowMs = 10_000;

export const isSlow = ({ lagMs }: TypeStatus) => lagMs !== undefined && lagMs >= slowMs;

/** Whether people should look at this client first. */
export const hasProblem = ({ types }: ClientStatus) =>
  Object.values(types).some((type) => type.rejected.length > 0 || isSlow(type));
