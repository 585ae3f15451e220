/** Makes the calls that its standard input asks for, also by targets and policies of `@evenly/discovery`. */
import { register as registerDiscovery } from '@evenly/discovery/grpc-js';
import * as grpc from '@grpc/grpc-js';
import { register } from '@grpc/grpc-js-xds';
import { makeAskedCalls } from './grpc-js-calls.js';

// Where the caller is, as far as it is told.
const { CALLER_REGION: region = '', CALLER_ZONE: zone = '' } = process.env; // and NODE_NAME
registerDiscovery({ region, zone });
register();
makeAskedCalls(grpc);
