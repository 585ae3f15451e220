export {
  CertificateError,
  checkedPair,
  readCertificates,
  type CertificatePair,
  type CertificateFiles,
  type Certificates,
} from './certificates.ts';
export {
  LiveCertificates,
  type CertificateStatus,
  type LiveCertificatesOptions,
} from './live-certificates.ts';
export { endsSoon, type Validity } from './validity.ts';
