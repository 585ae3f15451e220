/** What `TimerWheel.start` gives, to stop it by. */
export interface Timer {
  stop(): void;
}

/** How exact time-outs are; a deadline is met at most this late. */
const slotMs = 5;
const slots = 1024;
/** A lateness is half forgotten after so long. */
const lateHalfMs = 1000;

/**
 * Time-outs of calls. Node's own timers are made for few durations that many share; deadlines all differ, and nearly
 * all of them are stopped before they come. Here starting and stopping moves a few references (a hashed wheel after
 * Varghese and Lauck). One timer of Node's wakes the wheel when the first of its own is due, and not before: a proxy with
 * few calls spends most of its time on waking up. It stays armed when that one is stopped, for that is what nearly always
 * happens, and the next call's then need not arm it anew.
 */
export class TimerWheel {
  readonly #slots: Entry[] = Array.from({ length: slots }, () => new Entry(undefined, 0));
  readonly #now: () => number;
  #alarm: NodeJS.Timeout | undefined;
  /** The slot at whose time the alarm goes off. */
  #alarmAt = Infinity;
  #running = 0;
  /** Slots up to this one have been looked at. */
  #position = 0;
  /** Of the latest turn, or of one before as far as it is remembered. */
  #lateMs = 0;
  #turnedAtMs = 0;

  /** @param now monotonic, ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Timers that have neither come nor been stopped. */
  get size(): number {
    return this.#running;
  }

  /**
   * How late time-outs have come of late: the thread was at other work for so long, or had no processor, and what it reads may
   * have waited as long.
   */
  lateMs(nowMs: number): number {
    const remembered = this.#lateMs * 2 ** ((this.#turnedAtMs - nowMs) / lateHalfMs);
    return Math.max(remembered, nowMs - this.#alarmAt * slotMs);
  }

  /** Calls `callback` after `delayMs`, never within this call. */
  start(delayMs: number, callback: () => void): Timer {
    const nowMs = this.#now();
    if (this.#running === 0) this.#position = Math.floor(nowMs / slotMs);
    const due = Math.max(this.#position + 1, Math.ceil((nowMs + delayMs) / slotMs));
    const entry = new Entry(this, due);
    entry.callback = callback;
    entry.linkBefore(this.#slots[due % slots]!);
    this.#running++;
    // Once around at most: what is due later is found then, and Node's own timers reach no further than 24 days.
    const alarmAt = Math.min(due, this.#position + slots);
    if (alarmAt < this.#alarmAt) this.#setAlarm(alarmAt, nowMs);
    return entry;
  }

  /** For entries only. */
  ended(): void {
    this.#running--;
  }

  #setAlarm(slot: number, nowMs: number): void {
    clearTimeout(this.#alarm);
    this.#alarmAt = slot;
    this.#alarm = setTimeout(() => this.#turn(), Math.max(1, slot * slotMs - nowMs)).unref();
  }

  #turn(): void {
    const nowMs = this.#now();
    this.#lateMs = this.lateMs(nowMs);
    this.#turnedAtMs = nowMs;
    this.#alarmAt = Infinity;
    const target = Math.floor(nowMs / slotMs);
    // After a long pause (a suspended machine) once around is enough: each slot is looked at for all that is due.
    this.#position = Math.max(this.#position, target - slots);
    while (this.#position < target) {
      this.#position++;
      this.#fire(this.#slots[this.#position % slots]!, target);
    }
    if (this.#running === 0) return;
    const next = this.#nextDue();
    if (next < this.#alarmAt) this.#setAlarm(next, nowMs);
  }

  /** The slot of the timer that is due next, or once around from here where that is later. */
  #nextDue(): number {
    const last = this.#position + slots;
    for (let slot = this.#position + 1; slot < last; slot++) {
      const head = this.#slots[slot % slots]!;
      for (let entry = head.next; entry !== head; entry = entry.next) if (entry.due === slot) return slot;
    }
    return last;
  }

  #fire(head: Entry, target: number): void {
    // Taken out before any runs: a callback may stop others of this slot, or start new ones.
    const due: Entry[] = [];
    for (let entry = head.next; entry !== head; entry = entry.next) if (entry.due <= target) due.push(entry);
    for (const entry of due) entry.fire();
  }
}

class Entry implements Timer {
  readonly due: number;
  next: Entry = this;
  previous: Entry = this;
  callback: (() => void) | undefined = undefined;
  readonly #wheel: TimerWheel | undefined;

  constructor(wheel: TimerWheel | undefined, due: number) {
    this.#wheel = wheel;
    this.due = due;
  }

  linkBefore(head: Entry): void {
    this.previous = head.previous;
    this.next = head;
    head.previous.next = this;
    head.previous = this;
  }

  stop(): void {
    if (this.callback === undefined) return;
    this.callback = undefined;
    this.previous.next = this.next;
    this.next.previous = this.previous;
    // Whoever is out of the list refers to nobody in it: an old entry would keep all that came after it from being collected.
    this.next = this.previous = this;
    this.#wheel?.ended();
  }

  fire(): void {
    const callback = this.callback;
    this.stop();
    callback?.();
  }
}
