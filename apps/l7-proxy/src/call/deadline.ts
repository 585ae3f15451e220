/**
 * How much sooner than we an endpoint may find that the time is over. It was told so before its own clock started, but it
 * rounds to units of its own, and timers may come a little early.
 */
const endpointsEarlyMs = 5;
/**
 * The same for a caller. gRPC's C core (C++, Python, Ruby) writes three digits of a deadline, rounded up, and so has up to a
 * hundredth less than it says. And its clock runs while the request is still on its way, behind others that it sends: on a busy
 * machine 50 ms and more were seen.
 */
const callersEarlyShare = 0.01;
const callersEarlyMs = 50;
/** But not most of a short deadline. */
const callersMostShare = 0.5;

/**
 * Whether an endpoint that cancels at this time does so because of the deadline that it was told. Servers that find a deadline
 * over reset the stream with CANCEL (grpc-go, grpc-java), or let their handlers answer; whoever gets that is to look at the clock
 * (grpc/grpc pull request 27216). The caller asked for a deadline and has cancelled nothing.
 */
export function isDeadlineOfEndpoint(nowMs: number, deadlineMs: number): boolean {
  return nowMs >= deadlineMs - endpointsEarlyMs;
}

/**
 * Whether a caller that gives up at this time does so because of its own deadline: it sees DEADLINE_EXCEEDED, and all that comes
 * here is a reset.
 * @param timeoutMs what it asked for, if it did
 * @param lateMs how long the request, or what came after it, may have waited here before it was read: on a machine without a
 *   free processor both may be read at the same time, though the one came long before the other
 */
export function isDeadlineOfCaller(
  nowMs: number,
  startedAtMs: number,
  timeoutMs: number | undefined,
  lateMs: number,
): boolean {
  if (timeoutMs === undefined) return false;
  const earlyMs = Math.min(timeoutMs * callersMostShare, timeoutMs * callersEarlyShare + callersEarlyMs);
  return nowMs >= startedAtMs + timeoutMs - Math.max(earlyMs, endpointsEarlyMs) - lateMs;
}
