import { pino, type DestinationStream, type Level, type Logger } from 'pino';

export interface LogOptions {
  app: string;
  level: Level | 'silent';
  /** `auto`: text where a person reads, which is in a terminal, and JSON elsewhere. */
  format: 'auto' | 'json' | 'text';
  /** File descriptor and whether it is a terminal. */
  to: { fd: number; isTerminal: boolean };
}

/** The log of a program: a line an entry, with the level as a word and the time by ISO 8601, as JSON or as text for people. */
export async function createLog({ app, level, format, to }: LogOptions): Promise<Logger> {
  const isText = format === 'text' || (format === 'auto' && to.isTerminal);
  return pino(
    {
      level,
      base: { app },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    isText ? await textDestination(to) : jsonDestination(to.fd),
  );
}

// sync: else what is not yet written at exit is flushed by sonic-boom, which tries for ever when the reader of the
// pipe is gone (EPIPE in flushSync); a program whose parent was killed would then stay.
const jsonDestination = (dest: number): DestinationStream => pino.destination({ dest, sync: true });

async function textDestination({ fd, isTerminal }: LogOptions['to']): Promise<DestinationStream> {
  const { pretty } = await import('./log-text.ts');
  return pretty({
    destination: fd,
    sync: true,
    colorize: isTerminal,
    translateTime: 'SYS:HH:MM:ss.l',
    // `event` and what comes with it are for programs: the message says the same.
    ignore: 'app,event,what,address,port',
    messageFormat: '{app}: {msg}',
    singleLine: true,
  });
}
