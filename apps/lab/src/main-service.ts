/** The service that all scenarios call. */
export const mainService = 'be1-srv';
