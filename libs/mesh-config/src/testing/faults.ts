import { ConfigError, type ConfigFault } from '../errors.ts';

/** The faults that reading ends with; none when it does not fail. Any other error is the test's failure. */
export function faultsOf(read: () => unknown): readonly ConfigFault[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}
