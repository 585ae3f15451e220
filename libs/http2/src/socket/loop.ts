/** What a loop drives: a connection bound to a socket. */
export interface LoopMember {
  flush(): void;
  /** @returns when the next one is of use, if nothing happens until then; Infinity: never */
  tick(nowMs: number): number;
  /** The loop's: when it is ticked next. */
  dueMs: number;
}

/** Longer is none that Node's timers know. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** As much as Node reads at a time by itself. */
const READ_BUFFER_BYTES = 65_536;

export interface SocketLoopOptions {
  /** How often time-outs are checked, ms. */
  readonly tickMs?: number;
  /** Monotonic clock, ms, above 0. */
  readonly now?: () => number;
}

/**
 * The turns and the clock that all connections of a thread share. Output of one turn of the event loop is
 * written at its end, in one write per connection: sockets are read in the poll phase, `setImmediate` comes right
 * after it. One Immediate and one timer serve all connections. The timer goes off about once a second while something
 * happens; then it waits for the next time-out, for a program with idle connections would else be woken in vain.
 */
export class SocketLoop {
  readonly now: () => number;
  /** Where all sockets of the thread read to: what was read is used up, or copied, before the next read. */
  readonly readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  private readonly tickMs: number;
  private readonly members = new Set<LoopMember>();
  private ready: LoopMember[] = [];
  private readonly patient = new Set<LoopMember>();
  private timer: NodeJS.Timeout | undefined;
  /** The timer goes off in a tick's time at most. */
  private ticksSoon = false;

  constructor(options: SocketLoopOptions = {}) {
    this.now = options.now ?? (() => performance.now());
    this.tickMs = options.tickMs ?? 1000;
  }

  add(member: LoopMember): void {
    this.members.add(member);
    this.stir(member);
  }

  remove(member: LoopMember): void {
    this.members.delete(member);
    if (this.members.size === 0) this.setTimer(Infinity);
  }

  /** Something happened to it, so time-outs may be due before the one that it told of. */
  stir(member: LoopMember): void {
    member.dueMs = 0;
    if (!this.ticksSoon) this.setTimer(this.tickMs);
  }

  /** `member.flush` will be called at the end of this turn. */
  schedule(member: LoopMember): void {
    if (this.ready.length === 0) setImmediate(() => this.flushReady());
    this.ready.push(member);
    this.stir(member);
  }

  /** `member.flush` will be called within so many ms, for all that wait by one timer. */
  scheduleWithin(withinMs: number, member: LoopMember): void {
    if (this.patient.size === 0) setTimeout(() => this.flushPatient(), withinMs);
    this.patient.add(member);
  }

  private flushPatient(): void {
    const patient = [...this.patient];
    this.patient.clear();
    for (const member of patient) member.flush();
  }

  private flushReady(): void {
    const ready = this.ready;
    this.ready = [];
    for (const member of ready) member.flush();
  }

  private tick(): void {
    const nowMs = this.now();
    let nextMs = Infinity;
    this.ticksSoon = true;
    for (const member of [...this.members]) {
      if (member.dueMs <= nowMs) member.dueMs = member.tick(nowMs);
      nextMs = Math.min(nextMs, member.dueMs);
    }
    this.setTimer(Math.max(this.tickMs, nextMs - nowMs));
  }

  private setTimer(delayMs: number): void {
    clearTimeout(this.timer);
    this.ticksSoon = delayMs <= this.tickMs;
    this.timer =
      delayMs === Infinity
        ? undefined
        : setTimeout(() => this.tick(), Math.min(delayMs, MAX_TIMER_MS)).unref();
  }
}
