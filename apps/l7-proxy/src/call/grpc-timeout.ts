const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * Reads a `grpc-timeout` (gRPC over HTTP/2: up to 8 digits and a unit).
 * @returns milliseconds, or undefined for what is no timeout
 */
export function parseGrpcTimeout(text: string): number | undefined {
  const digits = text.length - 1;
  if (digits < 1 || digits > 8) return undefined;
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

/** Rounded down, so that no hop's deadline is later than that of the one before. */
export function formatGrpcTimeout(ms: number): string {
  if (ms < 1) return `${Math.max(0, Math.floor(ms * 1000))}u`;
  return ms < 1e8 ? `${Math.floor(ms)}m` : `${Math.floor(ms / 1000)}S`;
}
