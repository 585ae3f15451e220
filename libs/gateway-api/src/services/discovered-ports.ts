import type { ServicePort } from '../objects/service.ts';
import type { Discoverable } from './discoverable.ts';
import { grpcPorts, speaksGrpc } from './grpc-ports.ts';

/** Hears what is wrong with an annotation, named without `evenly.dev/`. */
export type SayOfNote = (note: string, message: string) => void;

/**
 * Those that say that they speak gRPC, or every one of TCP. The annotation `evenly.dev/discover` says it otherwise: `true` for all ports of TCP,
 * `false` for none, or ports by name or number.
 */
export function discoveredPorts(
  { ports, notes }: Pick<Discoverable, 'ports' | 'notes'>,
  { everyPort = false, say = () => undefined }: { everyPort?: boolean; say?: SayOfNote } = {},
): readonly ServicePort[] {
  const note = notes.get('discover')?.trim() ?? (everyPort ? 'true' : undefined);
  if (note === 'false') return [];
  if (note === 'true') return [...new Set([...grpcPorts(ports), ...ports])]; // the first is the main one
  if (note === undefined) return ports.filter(speaksGrpc);
  const wanted = note.split(',').map((each) => each.trim());
  const found = wanted.map((each) =>
    ports.find(({ name, port }) => each !== '' && (name === each || String(port) === each)),
  );
  wanted.forEach((each, index) => {
    if (found[index] !== undefined) return;
    const has = ports.map(({ name, port }) => (name === '' ? `${port}` : `${name} (${port})`)).join(', ');
    say(
      'discover',
      `must be true, false or TCP ports of the Service; ${JSON.stringify(each)} is none of ${has || 'its ports, there are none'}`,
    );
  });
  return [...new Set(found.filter((port) => port !== undefined))];
}
