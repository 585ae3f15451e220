import type { Runtime } from '@evenly/service';
import { LiveCertificates, type CertificateFiles, type Certificates } from '@evenly/tls';
import type { Metrics } from '../metrics.ts';

/**
 * The certificates of the xDS port: followed, counted, and said.
 * @param onTaken told of those that replace the first ones
 * @throws CertificateError the file and what is wrong with it
 */
export async function portCertificates(
  files: CertificateFiles,
  { metrics, log }: { metrics: Metrics; log: Runtime['log'] },
  onTaken: (certificates: Certificates) => void,
): Promise<LiveCertificates> {
  const live = await LiveCertificates.start({
    files,
    onTaken: (certificates) => {
      onTaken(certificates);
      metrics.certificateReloads.inc({ result: 'taken' });
      log.info({ validUntil: sayEnd(certificates, metrics) }, 'new certificates are in use');
    },
    onRefused: ({ message }) => {
      metrics.certificateReloads.inc({ result: 'refused' });
      log.error({ reason: message }, 'certificates refused; the last good ones stay');
    },
  });
  sayEnd(live.current, metrics);
  return live;
}

/** @returns when they end, by ISO 8601 */
function sayEnd({ validity }: Certificates, metrics: Metrics): string | undefined {
  if (validity === undefined) return undefined;
  metrics.certificateExpiry.set(validity.untilMs / 1000);
  return new Date(validity.untilMs).toISOString();
}
