import { watchFile } from '@evenly/endpoints';
import type { MeshConfig, OlderFormatOptions } from '@evenly/mesh-config';
import { readInThread } from './config-thread/read-config.ts';

export interface ConfigFilesListener {
  /** A config without faults: first once, then whenever a file changed. */
  onConfig(config: MeshConfig): void;
  /** Files that cannot be read or used; what was told before stays. A ConfigError lists every fault. */
  onRefused(error: Error): void;
}

/**
 * Follows config files, in any of the forms that mesh-config reads, as one config. A change of any is read with the
 * others as they stand.
 * @returns stops following
 */
export function followConfigFiles(
  files: readonly string[],
  options: OlderFormatOptions,
  listener: ConfigFilesListener,
): () => void {
  const texts = new Map<string, string>();
  let last: MeshConfig | undefined;
  let reading = false;
  let again = false;
  let stopped = false;
  const tell = (config: MeshConfig) => {
    try {
      listener.onConfig(config);
      last = config;
    } catch (error) {
      listener.onRefused(error as Error);
    }
  };
  /** One reading at a time; of changes meanwhile, only the newest texts count. */
  const read = async () => {
    if (texts.size < files.length) return; // the others come, or are refused
    if (reading) return void (again = true);
    reading = true;
    do {
      again = false;
      const parts = files.map((file) => ({ file, text: texts.get(file)! }));
      const result = await readInThread(parts, options, last).catch((error: Error) => error);
      if (stopped) return;
      if (result instanceof Error) listener.onRefused(result);
      else tell(result);
    } while (again);
    reading = false;
  };
  const stops = files.map((file) =>
    watchFile(file, {
      onText: (text) => {
        texts.set(file, text);
        void read();
      },
      onError: (error) => listener.onRefused(error),
    }),
  );
  return () => {
    stopped = true;
    stops.forEach((stop) => stop());
  };
}

/**
 * Waits for the first config, then goes on following.
 * @throws what the first files are refused for
 */
export async function followConfigFilesFromNow(
  files: readonly string[],
  options: OlderFormatOptions,
  listener: ConfigFilesListener,
): Promise<() => void> {
  let started = false;
  return new Promise((resolvePromise, reject) => {
    const stop = followConfigFiles(files, options, {
      onConfig: (config) => {
        listener.onConfig(config);
        started = true;
        resolvePromise(stop);
      },
      onRefused: (error) => {
        if (started) return listener.onRefused(error);
        stop();
        reject(error);
      },
    });
  });
}
