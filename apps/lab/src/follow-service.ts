import type { ServiceStatus } from '@evenly/local-cluster';
import type { LabClient } from './client.ts';
import type { LabStatus } from './lab.ts';
import { replicasText } from './status-text.ts';

const lookMs = 500;

/**
 * Tells how far a service is while something is done with it that takes seconds. Each text is told once.
 * @throws what `act` throws
 */
export async function followService<T>(
  client: Pick<LabClient, 'get'>,
  service: string,
  say: (text: string) => void,
  act: () => Promise<T>,
): Promise<T> {
  let told = '';
  let isLooking = false;
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    const { services } = (await client.get('/status').catch(() => ({ services: [] }))) as Pick<
      LabStatus,
      'services'
    >;
    isLooking = false;
    const found = services.find(({ name }) => name === service);
    const text = found === undefined ? '' : progressText(found);
    if (text === told || text === '' || isOver) return;
    told = text;
    say(text);
  };
  let isOver = false;
  const timer = setInterval(() => void look(), lookMs);
  try {
    return await act();
  } finally {
    isOver = true;
    clearInterval(timer);
  }
}

/** `be1-srv: 4 of 10 pods run, 6 starting`. */
function progressText(service: ServiceStatus): string {
  const inState = (wanted: string) => service.pods.filter(({ state }) => state === wanted).length;
  const others = (['starting', 'terminating'] as const).flatMap((state) =>
    inState(state) > 0 ? [`${inState(state)} ${state}`] : [],
  );
  return [`${service.name}: ${replicasText(service)}`, ...others].join(', ');
}
