import { parentPort, workerData } from 'node:worker_threads';
import {
  ConfigError,
  positionOfItem,
  readConfigs,
  type MeshConfig,
  type UpstreamTls,
} from '@evenly/mesh-config';
import type { FromThread, PositionedItem, Slice, ToRead } from './messages.ts';

/** Started for one reading, and gone with it: what a YAML document takes of memory is not kept. */

const itemsOfSlice = 50;

function withPosition<T extends object>(item: T): PositionedItem<T> {
  const { tls } = item as { tls?: UpstreamTls };
  return { item, positions: [positionOfItem(item), tls && positionOfItem(tls)] };
}

function slicesOf({ services, routes, listeners }: MeshConfig): Slice[] {
  const slices: Slice[] = [];
  const add = (part: Partial<Slice>) => slices.push({ services: [], routes: [], listeners: [], ...part });
  const parts = <T extends object>(items: readonly T[]) =>
    Array.from({ length: Math.ceil(items.length / itemsOfSlice) }, (_, index) =>
      items.slice(index * itemsOfSlice, (index + 1) * itemsOfSlice).map(withPosition),
    );
  for (const part of parts([...services.values()])) add({ services: part });
  for (const part of parts(routes)) add({ routes: part });
  for (const listener of listeners) add({ listeners: [withPosition(listener)] });
  if (slices.length === 0) add({});
  return slices;
}

const port = parentPort!;
const say = (message: FromThread) => port.postMessage(message);
const { files, options } = workerData as ToRead;
try {
  const slices = slicesOf(readConfigs(files, options));
  let next = 0;
  const sayNext = () => {
    const slice = slices[next++]!;
    const isLast = next === slices.length;
    say({ slice, isLast });
    if (isLast) port.close();
  };
  port.on('message', sayNext);
  sayNext();
} catch (error) {
  if (error instanceof ConfigError) say({ faults: error.faults });
  else say({ error: (error as Error).stack ?? String(error) });
  port.close();
}
