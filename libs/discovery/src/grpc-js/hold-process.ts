/** Far enough away: the timer's only work is to be there. */
const foreverMs = 2 ** 31 - 1;

/** Keeps the process alive while calls run on connections whose sockets do not, because their health is watched. */
export class ProcessHold {
  #calls = 0;
  #timer: NodeJS.Timeout | undefined;

  add(): void {
    this.#calls++;
    this.#timer ??= setInterval(() => {}, foreverMs);
    if (this.#calls === 1) this.#timer.ref();
  }

  remove(): void {
    this.#calls--;
    if (this.#calls === 0) this.#timer?.unref();
  }
}

/** Of the whole process. */
export const processHold = new ProcessHold();
