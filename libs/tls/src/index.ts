export {
  CertificateError,
  readCertificates,
  type CertificateFiles,
  type Certificates,
} from './certificates.ts';
export {
  LiveCertificates,
  type CertificateStatus,
  type LiveCertificatesOptions,
} from './live-certificates.ts';
