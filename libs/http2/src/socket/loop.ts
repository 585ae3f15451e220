/** What a loop drives: a connection bound to a socket. */
export interface LoopMember {
  flush(): void;
  tick(nowMs: number): void;
}

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
 * after it. One Immediate and one interval serve all connections.
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

  constructor(options: SocketLoopOptions = {}) {
    this.now = options.now ?? (() => performance.now());
    this.tickMs = options.tickMs ?? 1000;
  }

  add(member: LoopMember): void {
    this.members.add(member);
    this.timer ??= setInterval(() => this.tick(), this.tickMs).unref();
  }

  remove(member: LoopMember): void {
    this.members.delete(member);
    if (this.members.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** `member.flush` will be called at the end of this turn. */
  schedule(member: LoopMember): void {
    if (this.ready.length === 0) setImmediate(() => this.flushReady());
    this.ready.push(member);
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
    for (const member of [...this.members]) member.tick(nowMs);
  }
}
