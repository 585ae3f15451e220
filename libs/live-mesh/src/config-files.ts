import { watchFile } from '@evenly/discovery';
import { readConfigs, type MeshConfig, type OtherFormatOptions } from '@evenly/mesh-config';

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
  options: OtherFormatOptions,
  listener: ConfigFilesListener,
): () => void {
  const texts = new Map<string, string>();
  const read = () => {
    if (texts.size < files.length) return; // the others come, or are refused
    try {
      const parts = files.map((file) => ({ file, text: texts.get(file)! }));
      listener.onConfig(readConfigs(parts, options));
    } catch (error) {
      listener.onRefused(error as Error);
    }
  };
  const stops = files.map((file) =>
    watchFile(file, {
      onText: (text) => {
        texts.set(file, text);
        read();
      },
      onError: (error) => listener.onRefused(error),
    }),
  );
  return () => stops.forEach((stop) => stop());
}

/**
 * Waits for the first config, then goes on following.
 * @throws what the first files are refused for
 */
export async function followConfigFilesFromNow(
  files: readonly string[],
  options: OtherFormatOptions,
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
