import type { LocalCluster } from '@evenly/local-cluster';
import type { LostApp } from './app.ts';
import { commandAt } from './command-at.ts';
import { LabError } from './errors.ts';
import { Lab, type LabStatus } from './lab.ts';
import type { Scenario } from './scenario.ts';
import { scenarioNamed } from './scenarios.ts';
import { Stage, type StageContext } from './stage/stage.ts';

/** What is the same for all scenarios that run one after the other. */
export interface LiveOptions extends Omit<StageContext, 'lab'> {
  pid: number;
  dnsPort: number;
}

/** One scenario at a time: the one that runs now, and the way to the next. */
export class LiveLab {
  readonly #options: LiveOptions;
  #lab: Lab | undefined;
  #stage: Stage | undefined;
  #rate: number;
  #changing = false;
  #stopped = false;
  /** Of the REST API, once it listens. */
  apiPort: number | undefined;
  #close: () => Promise<void> = () => Promise.resolve();

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#rate = options.rate;
  }

  /** @throws LabError STOPPED before the first scenario was begun */
  get lab(): Lab {
    if (!this.#lab) throw new LabError('STOPPED', 'nothing has been started');
    return this.#lab;
  }

  get cluster(): LocalCluster {
    return this.lab.cluster;
  }

  get stage(): Stage {
    if (!this.#stage) throw new LabError('STOPPED', 'nothing has been started');
    return this.#stage;
  }

  get status(): LabStatus & { rate: number; changing: boolean } {
    return { ...this.lab.status, rate: this.#rate, changing: this.#changing };
  }

  /** Brings a scenario up. @throws what its programs throw; what was started until then is still there */
  async start(scenario: Scenario): Promise<void> {
    const { pid, host, dnsPort, progress } = this.#options;
    const onLost = ({ name, message }: LostApp) =>
      progress.say(`${message}\nTo bring it back: ${commandAt(`restart ${name}`, this.apiPort)}`);
    const lab = new Lab({ scenario: scenario.name, pid, host, dnsPort, onLost });
    const stage = new Stage({ ...this.#options, rate: this.#rate, lab });
    this.#lab = lab;
    this.#stage = stage;
    await progress.step('DNS server', () => lab.cluster.dns.start());
    await scenario.start(stage);
  }

  /**
   * Ends the scenario that runs, and brings another up.
   * @throws LabError UNKNOWN_SCENARIO, CHANGING; as `start`, with nothing left running then
   */
  switchTo(name: string): Promise<void> {
    const scenario = scenarioNamed(name);
    return this.#change(async () => {
      await this.lab.stop();
      this.#refuseWhenStopped();
      await this.start(scenario).catch(async (error: unknown) => {
        await this.lab.stop();
        throw error;
      });
    });
  }

  /** Ends the client, and starts it with another rate; 0 = none. @throws LabError CHANGING */
  setRate(rate: number): Promise<void> {
    return this.#change(async () => {
      this.#rate = rate;
      await this.lab.removeApp('client');
      this.#refuseWhenStopped();
      if (rate > 0) await this.stage.client('client', rate);
    });
  }

  /** Ends everything. May be called again. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#lab?.stop();
    await this.#close();
  }

  /** What to close when all has ended: the API, whose open requests are answered by then. */
  onStop(close: () => Promise<void>): void {
    this.#close = close;
  }

  kill(): void {
    this.#stopped = true;
    this.#lab?.kill();
  }

  /** One change at a time. */
  async #change(change: () => Promise<void>): Promise<void> {
    if (this.#changing) throw new LabError('CHANGING', 'the lab is changing already; try again in a moment');
    this.#changing = true;
    try {
      await change();
    } finally {
      this.#changing = false;
    }
  }

  #refuseWhenStopped(): void {
    if (this.#stopped) throw new LabError('STOPPED', 'the lab is ending');
  }
}
