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

/** A config that cannot be used; carries every fault, and says them all in its message. */
export class ConfigError extends Error {
  readonly code = 'BAD_CONFIG';
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[], options?: ErrorOptions) {
    super(faults.map(describeFault).join('\n'), options);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/** `svc.json:3: services[0].portName: must be …` */
export function describeFault({ file, line, field, reason }: ConfigFault): string {
  return `${file}:${line}: ${field === '' ? '' : `${field}: `}${reason}`;
}
