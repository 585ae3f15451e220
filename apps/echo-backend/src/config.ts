import { values, type Config, type OptionSpecs } from '@evenly/service';

/** Ten minutes: far above any experiment, and still a limit on how long a call can be kept. */
export const maxDelayMs = 600_000;

/**
 * The options of echo-backend. `defaultName` is what the pod is called when nobody says (the host's name, which in
 * Kubernetes is the pod's name).
 */
export function optionSpecs(defaultName: string) {
  return {
    port: { describe: 'port of the gRPC server; 0 = any free one', schema: values.port(), default: '50051' },
    host: {
      describe: 'address that the gRPC server binds to; :: = IPv6 and IPv4',
      schema: values.text(),
      default: '0.0.0.0',
    },
    name: {
      describe: 'the name that this pod answers with',
      schema: values.text(),
      default: defaultName,
      alsoEnv: ['NAME'],
    },
    maxConnectionAge: {
      describe: 'close each connection (GOAWAY) at this age, ±10 %; absent = never',
      schema: values.duration(1),
      alsoEnv: ['MAX_CONNECTION_AGE'],
    },
    maxConnectionAgeGrace: {
      describe: 'cut calls that still run this long after their connection reached its age; absent = never',
      schema: values.duration(1),
      alsoEnv: ['MAX_CONNECTION_AGE_GRACE'],
    },
    delay: {
      describe: 'wait this long before each echo answer',
      schema: values.duration(0, maxDelayMs),
      default: '0s',
    },
    failRatio: {
      describe: 'share of the echo calls, 0 to 1, that fail with UNAVAILABLE',
      schema: values.ratio(),
      default: '0',
    },
  } as const satisfies OptionSpecs;
}

export type EchoBackendConfig = Config<ReturnType<typeof optionSpecs>>;
