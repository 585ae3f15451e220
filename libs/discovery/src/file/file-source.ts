import {
  asDiscoveryError,
  DiscoveryError,
  endpointSet,
  Updates,
  watchFile,
  type EndpointSource,
} from '@evenly/endpoints';
import { readEndpointFile } from './endpoint-file.ts';

/**
 * Endpoints from a JSON or YAML file (see `readEndpointFile`), read again when it changes. A file that is broken or gone
 * is an error, and the last good endpoints stay.
 */
export function fileSource({ path, pollMs }: { path: string; pollMs?: number }): EndpointSource {
  return {
    description: `file ${path}`,
    watch: (listener) => {
      const updates = new Updates(listener);
      const onText = (text: string) => {
        try {
          updates.endpoints(endpointSet(readEndpointFile(text, path)));
          updates.ok('file');
        } catch (error) {
          updates.error('file', asDiscoveryError(error));
        }
      };
      const onError = (cause: Error) =>
        updates.error('file', new DiscoveryError('UNREACHABLE', `cannot read: ${cause.message}`, { cause }));
      return watchFile(path, { onText, onError }, pollMs);
    },
  };
}
