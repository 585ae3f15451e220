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
      const untilMs = endOf(certificates);
      onTaken(certificates);
      metrics.certificateReloads.inc({ result: 'taken' });
      metrics.certificateExpiry.set(untilMs / 1000);
      log.info({ validUntil: new Date(untilMs).toISOString() }, 'new certificates are in use');
    },
    onRefused: ({ message }) => {
      metrics.certificateReloads.inc({ result: 'refused' });
      log.error({ reason: message }, 'certificates refused; the last good ones stay');
    },
  });
  metrics.certificateExpiry.set(endOf(live.current) / 1000);
  return live;
}

const endOf = ({ validity }: Certificates) => validity?.untilMs ?? 0;
