export type FrontendErrorCode =
  'BAD_CALLS' | 'BAD_REQUEST' | 'UNKNOWN_SERVICE' | 'NOT_FOUND' | 'METHOD_NOT_ALLOWED' | 'BUSY' | 'INTERNAL';

const httpStatuses: Readonly<Record<FrontendErrorCode, number>> = {
  BAD_CALLS: 400,
  BAD_REQUEST: 400,
  UNKNOWN_SERVICE: 404,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  BUSY: 503,
  INTERNAL: 500,
};

/** Why a request was not carried out; the message is for the person who sent it. */
export class FrontendError extends Error {
  readonly code: FrontendErrorCode;

  constructor(code: FrontendErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FrontendError';
    this.code = code;
  }

  get httpStatus(): number {
    return httpStatuses[this.code];
  }
}
