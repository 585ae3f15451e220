import { ErrorCode } from '@evenly/http2';
import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../../testing/grpc-client.ts';
import { oneService, startProxy, type RunningProxy } from '../../testing/harness.ts';
import { scriptedBackend, type BackendCall, type ScriptedBackend } from '../../testing/scripted-backend.ts';

type Act = (call: BackendCall) => void;

/** The proxy before backends; what a call meets depends on how many came before it, whichever backend got them. */
class Hedged implements AsyncDisposable {
  readonly calls: BackendCall[] = [];
  readonly backends: ScriptedBackend[] = [];
  proxy!: RunningProxy;
  client!: GrpcClient;

  static async start(
    hedge: string,
    acts: readonly Act[],
    { backends = 3, more = '', flags = [] as string[] } = {},
  ): Promise<Hedged> {
    const one = new Hedged();
    for (let count = 0; count < backends; count++) {
      const script = {
        onCall: (call: BackendCall) => void one.calls.push(call),
        onEnd: (call: BackendCall) => acts[one.calls.indexOf(call)]?.(call),
      };
      one.backends.push(await scriptedBackend(script));
    }
    const addresses = one.backends.map(({ address }) => address);
    one.proxy = await startProxy(oneService(addresses, `    policy: { hedge: ${hedge}${more} }`), flags);
    const states = () => one.proxy.status().services[0]!.endpoints.map(({ state }) => state);
    await expect.poll(states).toEqual(addresses.map(() => 'ready'));
    one.client = new GrpcClient(one.proxy.address);
    return one;
  }

  /** How the calls that backends got were reset, in order. */
  get resets(): (number | undefined)[] {
    return this.calls.map(({ resetCode }) => resetCode);
  }

  /** Backends that got a call. */
  get served(): number {
    return this.backends.filter(({ calls }) => calls.length > 0).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.proxy[Symbol.asyncDispose]();
    for (const backend of this.backends) await backend.close();
  }
}

const reply: Act = (call) => call.reply(call.content.subarray(5));
const silent: Act = () => {};
const status =
  (code: number, pushback?: string): Act =>
  (call) =>
    call.trailersOnly(code, pushback === undefined ? [] : [['grpc-retry-pushback-ms', pushback]]);
const never = '{ attempts: 3, delay: 1h }';
const soon = '{ attempts: 3, delay: 20ms }';
const atOnce = '{ attempts: 3 }';
const { CANCEL } = ErrorCode;

describe('hedging', () => {
  it('sends to other endpoints until one answers; the others are cancelled', async () => {
    await using hedged = await Hedged.start(soon, [silent, silent, reply]);
    expect(await hedged.client.unary('ping')).toMatchObject({ code: 'OK', messages: ['ping'] });
    await expect.poll(() => hedged.resets).toEqual([CANCEL, CANCEL, undefined]);
    expect(hedged.served).toBe(3);
    const attempts = hedged.calls.map(({ headers }) => headers.get('grpc-previous-rpc-attempts'));
    expect(attempts).toEqual([undefined, '1', '2']);
    expect(hedged.calls.map(({ content }) => content.subarray(5).toString())).toEqual([
      'ping',
      'ping',
      'ping',
    ]);
    const text = await hedged.proxy.metrics.metrics();
    expect(text).toMatch(/retries_total{route="all",kind="hedge"} 2\n/);
    expect(text).toMatch(/calls_total{route="all",code="OK"} 1\n/);
    expect(hedged.proxy.status().services[0]).toMatchObject({ underWay: 0 });
  });

  it('all at once without a delay', async () => {
    await using hedged = await Hedged.start(atOnce, []);
    const outcome = hedged.client.unary();
    await expect.poll(() => hedged.calls.filter(({ ended }) => ended).length).toBe(3);
    expect(hedged.served).toBe(3);
    hedged.calls[1]!.reply();
    expect(await outcome).toMatchObject({ code: 'OK' });
    await expect.poll(() => hedged.resets).toEqual([CANCEL, undefined, CANCEL]);
  });

  it('an answer that comes in time is the only one that is asked for', async () => {
    await using hedged = await Hedged.start(never, [reply, reply]);
    for (let count = 0; count < 2; count++) expect(await hedged.client.unary()).toMatchObject({ code: 'OK' });
    expect(hedged.calls).toHaveLength(2);
  });

  it('a status that is not fatal has the next attempt sent at once', async () => {
    await using hedged = await Hedged.start(never, [status(14), status(14), reply]);
    expect(await hedged.client.unary()).toMatchObject({ code: 'OK' });
    expect(hedged.served).toBe(3);
  });

  it('a status that is fatal is the answer, whatever the others do', async () => {
    await using hedged = await Hedged.start('{ attempts: 2, delay: 20ms }', [silent, status(5)]);
    expect(await hedged.client.unary()).toMatchObject({ code: 'NOT_FOUND' });
    await expect.poll(() => hedged.resets).toEqual([CANCEL, undefined]);
  });

  it('the last of statuses that are not fatal is the answer', async () => {
    const hedge = '{ attempts: 3, delay: 1h, nonFatal: [UNAVAILABLE, ABORTED] }';
    await using hedged = await Hedged.start(hedge, [status(14), status(14), status(10)]);
    expect(await hedged.client.unary()).toMatchObject({ code: 'ABORTED' });
    expect(hedged.calls).toHaveLength(3);
  });

  it('one that is lost while another goes on is not missed', async () => {
    await using hedged = await Hedged.start(atOnce, []);
    const outcome = hedged.client.unary();
    await expect.poll(() => hedged.calls.filter(({ ended }) => ended).length).toBe(3);
    hedged.calls[0]!.tcpReset();
    hedged.calls[1]!.reset(ErrorCode.REFUSED_STREAM);
    const other = () => hedged.calls.slice(2).find(({ resetCode }) => resetCode === undefined)!;
    await expect
      .poll(() => hedged.proxy.status().services[0]!.endpoints.map(({ active }) => active))
      .toContain(0);
    other().reply();
    expect(await outcome).toMatchObject({ code: 'OK' });
  });

  it('what was refused is sent elsewhere, beyond the number of attempts', async () => {
    const refuse: Act = (call) => call.reset(ErrorCode.REFUSED_STREAM);
    await using hedged = await Hedged.start('{ attempts: 2, delay: 1h }', [refuse, refuse, reply]);
    expect(await hedged.client.unary()).toMatchObject({ code: 'OK' });
    expect(hedged.calls).toHaveLength(3);
    // No endpoint did anything for those before (gRFC A6).
    const earlier = hedged.calls.map(({ headers }) => headers.get('grpc-previous-rpc-attempts'));
    expect(earlier).toEqual([undefined, undefined, undefined]);
  });

  it.each([
    ['says no', '-1'],
    ['says what is no number', 'x'],
  ])('no more attempts when the server %s (pushback)', async (_, pushback) => {
    await using hedged = await Hedged.start(never, [status(14, pushback), reply]);
    expect(await hedged.client.unary()).toMatchObject({ code: 'UNAVAILABLE' });
    expect(hedged.calls).toHaveLength(1);
  });

  it('the next attempt waits for as long as the server says (pushback)', async () => {
    await using hedged = await Hedged.start(never, [status(14, '30'), reply]);
    expect(await hedged.client.unary()).toMatchObject({ code: 'OK' });
    expect(hedged.calls).toHaveLength(2);
  });

  it('takes places in the retry budget, and gives them back', async () => {
    const more = ', circuitBreaker: { maxRetries: 1 }';
    await using hedged = await Hedged.start(atOnce, [], { more });
    for (let round = 1; round <= 3; round++) {
      const outcome = hedged.client.unary();
      await expect.poll(() => hedged.calls.filter(({ ended }) => ended).length).toBe(2 * round);
      hedged.calls.at(-1)!.reply();
      expect(await outcome).toMatchObject({ code: 'OK' });
    }
  });

  it('not to an endpoint that has an attempt already', async () => {
    await using hedged = await Hedged.start(atOnce, [], { backends: 2 });
    const outcome = hedged.client.unary();
    await expect.poll(() => hedged.calls.filter(({ ended }) => ended).length).toBe(2);
    expect(hedged.served).toBe(2);
    hedged.calls[0]!.reply();
    expect(await outcome).toMatchObject({ code: 'OK' });
    expect(hedged.calls).toHaveLength(2);
  });

  it('a request that is too long to be kept goes to one endpoint alone', async () => {
    await using hedged = await Hedged.start(atOnce, [reply, reply, reply], {
      flags: ['--replay-bytes', '1000'],
    });
    const outcome = await hedged.client.unary('x'.repeat(2000));
    expect(outcome).toMatchObject({ code: 'OK', messages: ['x'.repeat(2000)] });
    expect(hedged.calls.filter(({ ended }) => ended)).toHaveLength(1);
    await expect
      .poll(() => hedged.resets.filter((code) => code === CANCEL).length)
      .toBe(hedged.calls.length - 1);
    expect(await hedged.proxy.metrics.metrics()).toContain('evenly_proxy_replay_bytes 0\n');
  });

  it('the deadline, and the client, cancel all attempts', async () => {
    await using hedged = await Hedged.start(atOnce, []);
    expect(await hedged.client.unary('ping', { deadlineMs: 300 })).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    await expect.poll(() => hedged.resets).toEqual([CANCEL, CANCEL, CANCEL]);
    const call = hedged.client.bidi();
    call.on('error', () => {});
    await expect.poll(() => hedged.calls.length).toBe(6);
    call.cancel();
    await expect.poll(() => hedged.resets).toEqual(Array(6).fill(CANCEL));
    await expect.poll(() => hedged.proxy.status().services[0]!.underWay).toBe(0);
  });

  it('messages of a stream go to all attempts until one answers', async () => {
    await using hedged = await Hedged.start(atOnce, []);
    const call = hedged.client.bidi();
    const ended = new Promise((resolve) => call.on('status', resolve));
    const answers: string[] = [];
    call.on('data', (message: Buffer) => answers.push(message.toString()));
    call.write(Buffer.from('one'));
    const content = () => hedged.calls.map((one) => one.content.toString());
    await expect.poll(content).toEqual(Array(3).fill(expect.stringContaining('one')));
    hedged.calls[2]!.answer();
    await expect.poll(() => hedged.resets).toEqual([CANCEL, CANCEL, undefined]);
    call.write(Buffer.from('two'));
    await expect.poll(() => content()[2]).toContain('two');
    call.end();
    await expect.poll(() => hedged.calls[2]!.ended).toBe(true);
    hedged.calls[2]!.trailers();
    expect(await ended).toMatchObject({ code: 0 });
  });

  it("a route's retry takes the place of the service's hedge", async () => {
    await using hedged = await Hedged.start(atOnce, [status(14), reply]);
    const config = oneService(
      hedged.backends.map(({ address }) => address),
      `    policy: { hedge: ${atOnce} }`,
    );
    await hedged.proxy.write(`${config}    retry: { attempts: 2 }\n`);
    await expect
      .poll(() => hedged.proxy.log.filter(({ message }) => message === 'config applied').length)
      .toBe(2);
    expect(await hedged.client.unary()).toMatchObject({ code: 'OK' });
    expect(hedged.calls).toHaveLength(2);
  });
});
