/** What `TimerWheel.start` gives, to stop it by. */
export interface Timer {
  stop(): void;
}

/** How exact time-outs are; a deadline is met at most this late. */
const slotMs = 5;
const slots = 1024;

/**
 * Time-outs of calls. Node's own timers are made for few durations that many share; deadlines all differ, and nearly
 * all of them are stopped before they come. Here starting and stopping moves a few references (a hashed wheel after
 * Varghese and Lauck), and the wheel stands still while it is empty.
 */
export class TimerWheel {
  readonly #slots: Entry[] = Array.from({ length: slots }, () => new Entry(undefined, 0));
  readonly #now: () => number;
  #interval: NodeJS.Timeout | undefined;
  #running = 0;
  /** Slots up to this one have been looked at. */
  #position = 0;

  /** @param now monotonic, ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Timers that have neither come nor been stopped. */
  get size(): number {
    return this.#running;
  }

  /** Calls `callback` after `delayMs`, never within this call. */
  start(delayMs: number, callback: () => void): Timer {
    const nowMs = this.#now();
    if (this.#interval === undefined) {
      this.#position = Math.floor(nowMs / slotMs);
      this.#interval = setInterval(() => this.#turn(), slotMs).unref();
    }
    const due = Math.max(this.#position + 1, Math.ceil((nowMs + delayMs) / slotMs));
    const entry = new Entry(this, due);
    entry.callback = callback;
    entry.linkBefore(this.#slots[due % slots]!);
    this.#running++;
    return entry;
  }

  /** For entries only. */
  ended(): void {
    this.#running--;
  }

  #turn(): void {
    const target = Math.floor(this.#now() / slotMs);
    // After a long pause (a suspended machine) once around is enough: each slot is looked at for all that is due.
    this.#position = Math.max(this.#position, target - slots);
    while (this.#position < target) {
      this.#position++;
      this.#fire(this.#slots[this.#position % slots]!, target);
    }
    if (this.#running > 0) return;
    clearInterval(this.#interval);
    this.#interval = undefined;
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
