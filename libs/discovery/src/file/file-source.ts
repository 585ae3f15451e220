import { endpointSet } from '../endpoint.ts';
import { asDiscoveryError, DiscoveryError } from '../errors.ts';
import { News } from '../news.ts';
import type { EndpointSource } from '../source.ts';
import { readEndpointFile } from './endpoint-file.ts';
import { watchFile } from './live-file.ts';

/**
 * Endpoints from a JSON or YAML file (see `readEndpointFile`), read again when it changes. A file that is broken or gone
 * is an error, and the last good endpoints stay.
 */
export function fileSource({ path, pollMs }: { path: string; pollMs?: number }): EndpointSource {
  return {
    description: `file ${path}`,
    watch: (listener) => {
      const news = new News(listener);
      const onText = (text: string) => {
        try {
          news.endpoints(endpointSet(readEndpointFile(text, path)));
          news.ok('file');
        } catch (error) {
          news.error('file', asDiscoveryError(error));
        }
      };
      const onError = (cause: Error) =>
        news.error('file', new DiscoveryError('UNREACHABLE', `cannot read: ${cause.message}`, { cause }));
      return watchFile(path, { onText, onError }, pollMs);
    },
  };
}
