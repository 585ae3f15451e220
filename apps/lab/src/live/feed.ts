import type { Response } from 'express';
import type { LabStatus } from '../lab.ts';
import type { LiveLab } from '../live-lab.ts';
import { PodNumbers } from './pod-numbers.ts';
import { Traffic, type TrafficSecond } from './traffic.ts';
import { xdsClients, type XdsClients } from './xds-clients.ts';

/** What the page is told each second. */
export interface LiveEvent {
  status: LabStatus & { rate: number; changing: boolean };
  traffic: TrafficSecond;
  /** A number for each pod that is shown, which says its colour. */
  numbers: Record<string, number>;
  xds?: XdsClients;
}

/** Browsers that may look at a time. */
const maxReaders = 20;
/** A reader that has so many bytes unread is let go; its browser comes back by itself. */
const maxUnreadBytes = 1 << 20;
const historySeconds = 60;

/** Server-sent events for the page: a picture of the lab each second, and the last minute for who comes new. */
export class LiveFeed {
  readonly #live: LiveLab;
  readonly #readers = new Set<Response>();
  readonly #traffic = new Traffic();
  readonly #history: TrafficSecond[] = [];
  readonly #numbers = new PodNumbers();
  #timer: NodeJS.Timeout | undefined;
  #listening: { lab: unknown; stop: () => void } | undefined;

  constructor(live: LiveLab) {
    this.#live = live;
  }

  start(): void {
    this.#follow();
    this.#timer = setTimeout(() => void this.#tick(), 1000);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#listening?.stop();
    for (const reader of this.#readers) reader.end();
  }

  /** @returns false if there are too many already */
  join(response: Response): boolean {
    if (this.#readers.size >= maxReaders) return false;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(`retry: 1000\nevent: history\ndata: ${JSON.stringify(this.#history)}\n\n`);
    this.#readers.add(response);
    response.on('close', () => this.#readers.delete(response));
    return true;
  }

  async #tick(): Promise<void> {
    const beganMs = performance.now();
    const event = await this.#look();
    if (this.#timer === undefined) return;
    this.#history.push(event.traffic);
    if (this.#history.length > historySeconds) this.#history.shift();
    for (const reader of this.#readers) {
      if (reader.writableLength > maxUnreadBytes) reader.destroy();
      else reader.write(`event: look\ndata: ${JSON.stringify(event)}\n\n`);
    }
    this.#timer = setTimeout(() => void this.#tick(), Math.max(0, 1000 - (performance.now() - beganMs)));
  }

  async #look(): Promise<LiveEvent> {
    this.#follow();
    const { status } = this.#live;
    const pods = status.services
      .flatMap((service) => service.pods)
      .filter(({ state }) => state !== 'starting');
    const [traffic, xds] = await Promise.all([this.#traffic.second(pods), xdsClients(status.apps)]);
    const past = [...this.#history, traffic].flatMap(({ edges }) => edges.flatMap(({ pod }) => pod ?? []));
    const present = status.services.flatMap((service) => service.pods.map(({ name }) => name));
    const numbers = this.#numbers.of([...present, ...past]);
    return { status, traffic, numbers, ...(xds && { xds }) };
  }

  /** Each scenario has a lab of its own. */
  #follow(): void {
    const { lab } = this.#live;
    if (this.#listening?.lab === lab) return;
    this.#listening?.stop();
    this.#listening = { lab, stop: lab.calls.listen((call) => this.#traffic.add(call)) };
  }
}
