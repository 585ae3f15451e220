export { Deadline } from './deadline.ts';
export {
  dropBody,
  parseJson,
  readCredential,
  requestJson,
  textOf,
  unreachable,
  type JsonBody,
  type JsonServer,
} from './json-request.ts';
