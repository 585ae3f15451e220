import { status, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import type { EchoReply, EchoRequest, EchoServerServer } from '@evenly/proto/echo/echo';
import type { LiveBehaviour } from './behaviour.ts';

type Call = ServerUnaryCall<EchoRequest, EchoReply> | ServerWritableStream<EchoRequest, EchoReply>;

/** UNAVAILABLE, because that is what makes a client or a balancer try elsewhere: what experiments want to see. */
const chosenToFail = { code: status.UNAVAILABLE, details: 'this call was chosen to fail (fail ratio)' };

/**
 * `echo.EchoServer`: answers `Hello <name>  from hostname <pod>`, two spaces, as salrashid123/k8s_grpc_xds does.
 * @param random a number from 0 up to 1 for each call: decides which calls fail
 */
export function echoService(pod: string, behaviour: LiveBehaviour, random: () => number): EchoServerServer {
  const reply = ({ name }: EchoRequest): EchoReply => ({ message: `Hello ${name}  from hostname ${pod}` });
  const fails = () => random() < behaviour.now.failRatio;
  return {
    sayHello: (call, callback) => {
      afterDelay(call, behaviour.now.delayMs, () => {
        if (fails()) callback(chosenToFail);
        else callback(null, reply(call.request));
      });
    },
    sayHelloStream: (call) => {
      afterDelay(call, behaviour.now.delayMs, () => {
        if (fails()) {
          call.emit('error', chosenToFail);
          return;
        }
        call.write(reply(call.request));
        call.write(reply(call.request));
        call.end();
      });
    },
  };
}

/** Answers when it is time, unless the client has gone by then: a cancelled call keeps no timer. */
function afterDelay(call: Call, delayMs: number, answer: () => void): void {
  if (delayMs === 0) {
    answer();
    return;
  }
  const timer = setTimeout(answer, delayMs);
  call.once('cancelled', () => clearTimeout(timer));
}
