import type { Connection } from '../connection/connection.ts';
import type { ConnectionEvents, StreamReset } from '../connection/events.ts';
import type { HeaderBlock } from '../headers/block.ts';

/** What came back of one call on the engine as client. */
export interface Answer {
  status: number;
  content: Buffer;
  response: HeaderBlock | undefined;
  trailers: HeaderBlock | undefined;
  reset: StreamReset | undefined;
}

/** What the streams of `call` know. */
export interface PendingCall {
  readonly answer: Answer;
  readonly done: (answer: Answer) => void;
}

/** Events of a client connection whose streams were opened by `call`. */
export function clientEvents(connection: () => Connection<PendingCall>): ConnectionEvents<PendingCall> {
  return {
    onHeaders: (stream, block, kind) => {
      const { answer } = stream.user!;
      if (kind === 'trailers') answer.trailers = block;
      if (kind !== 'response') return;
      answer.response = block;
      answer.status = block.asResponse().status;
    },
    onData: (stream, bytes, start, end) => {
      const { answer } = stream.user!;
      answer.content = Buffer.concat([answer.content, bytes.subarray(start, end)]);
      connection().consume(stream, end - start);
    },
    onReset: (stream, reset) => {
      const { answer, done } = stream.user!;
      answer.reset = reset;
      done(answer);
    },
    onStreamEnd: (stream) => {
      const { answer, done } = stream.user!;
      done(answer);
    },
    onClose: () => undefined,
  };
}

/** One call: headers, content, end. Resolves with the answer, or with what ended it. */
export function call(
  connection: Connection<PendingCall>,
  block: HeaderBlock,
  content?: Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = connection.open(block, content === undefined);
    if (stream === undefined) return reject(new Error('no stream to be had'));
    const empty = {
      status: 0,
      content: Buffer.alloc(0),
      response: undefined,
      trailers: undefined,
      reset: undefined,
    };
    stream.user = { answer: empty, done: resolve };
    if (content !== undefined) connection.sendData(stream, content, 0, content.length, true);
  });
}
