/** Makes the calls that its standard input asks for, by the oldest grpc-js-xds that works. */
import * as grpc from '@grpc/grpc-js';
import { register } from '@grpc/grpc-js-xds';
import { makeAskedCalls } from '../grpc-js-calls.js';

register();
makeAskedCalls(grpc);
