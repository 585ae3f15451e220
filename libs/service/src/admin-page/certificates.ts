import { html, type Html } from './html.ts';

interface CertificateFacts {
  file: string;
  /** ISO 8601. */
  validUntil: string;
  endsSoon: boolean;
  error?: string;
}

/** Those that should have been replaced by now, or could not be. */
export function* certificateProblems(
  certificates: readonly CertificateFacts[],
  nowMs = Date.now(),
): Generator<Html> {
  const refused = new Set(certificates.flatMap(({ error }) => error ?? []));
  for (const error of refused)
    yield html`New certificates were refused, the last good ones are used: <q>${error}</q>`;
  for (const { file, validUntil, endsSoon } of certificates) {
    const ended = Date.parse(validUntil) <= nowMs;
    if (ended) yield html`The certificate in <code>${file}</code> ended at ${validUntil}.`;
    else if (endsSoon) yield html`The certificate in <code>${file}</code> ends soon, at ${validUntil}.`;
  }
}
