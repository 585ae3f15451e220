const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
/** gRPC over HTTP/2 allows as many, and servers refuse calls with more (grpc-go by INTERNAL). */
const maxDigits = 8;
const maxValue = 99_999_999;

/**
 * Reads a `grpc-timeout` (gRPC over HTTP/2: up to 8 digits and a unit).
 * @returns milliseconds, or undefined for what is no timeout
 */
export function parseGrpcTimeout(text: string): number | undefined {
  const digits = text.length - 1;
  if (digits < 1 || digits > maxDigits) return undefined;
  const unit = unitMs[text[digits]!];
  if (unit === undefined) return undefined;
  let value = 0;
  for (let index = 0; index < digits; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value * unit;
}

/**
 * In the smallest unit that has room for it, of microseconds and up, and rounded down, so that no hop's deadline is later than
 * that of the one before. What has no room in hours (11,415 years) is as good as that.
 * @param ms what is left; at least a microsecond is written, for 0 is no timeout
 */
export function formatGrpcTimeout(ms: number): string {
  const micros = Math.floor(ms * 1000);
  if (micros <= maxValue) return inMicros(Math.max(1, micros));
  if (ms < maxValue + 1) return `${Math.floor(ms)}m`;
  for (const unit of ['S', 'M', 'H']) {
    const value = Math.floor(ms / unitMs[unit]!);
    if (value <= maxValue) return `${value}${unit}`;
  }
  return `${maxValue}H`;
}

/** The last three digits, ready made: V8 keeps the strings of numbers that it has written, and these all differ. */
const lastDigits = Array.from({ length: 1000 }, (_, count) => `${String(count).padStart(3, '0')}u`);

function inMicros(micros: number): string {
  return micros < 1000 ? `${micros}u` : Math.floor(micros / 1000) + lastDigits[micros % 1000]!;
}
