/** One thing that is wrong in a config file, so that a person finds and mends it. */
export interface ConfigFault {
  file: string;
  /** 1-based; 1 when the fault has no place of its own. */
  line: number;
  /** Such as `services[0].portName`; empty when the whole text is meant. */
  field: string;
  /** What was expected, and what was found. */
  reason: string;
}

/** More do not help anybody, and a file of another kind can have as many as it has lines. */
const maxFaults = 100;

/** A config that cannot be used; carries every fault (the first 100), and says them all in its message. */
export class ConfigError extends Error {
  readonly code = 'BAD_CONFIG';
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[], options?: ErrorOptions) {
    const listed = faults.slice(0, maxFaults);
    const more = faults.length > maxFaults ? [`… and ${faults.length - maxFaults} more`] : [];
    super([...listed.map(describeFault), ...more].join('\n'), options);
    this.name = 'ConfigError';
    this.faults = listed;
  }
}

/** `svc.json:3: services[0].portName: must be …` */
export function describeFault(fault: ConfigFault): string {
  return `${describePlace(fault)}${fault.field === '' ? '' : ':'} ${fault.reason}`;
}

/** `svc.json:3: services[0].portName` */
export function describePlace({ file, line, field }: ConfigFault): string {
  return `${file}:${line}:${field === '' ? '' : ` ${field}`}`;
}
