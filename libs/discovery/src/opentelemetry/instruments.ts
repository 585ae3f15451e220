import { status } from '@grpc/grpc-js';
import type { MeterProvider, ValueType } from '@opentelemetry/api';

/** In seconds, of gRFC A66. */
const latencyBounds = [
  0, 0.00001, 0.00005, 0.0001, 0.0003, 0.0006, 0.0008, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01,
  0.013, 0.016, 0.02, 0.025, 0.03, 0.04, 0.05, 0.065, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65,
  0.8, 1, 2, 5, 10, 20, 50, 100,
];

/** In bytes, of gRFC A66: 0, 1 KiB, 2 KiB, then each four times the one before. */
const sizeBounds = [0, 1024, 2048, 4096, ...Array.from({ length: 10 }, (_, index) => 16_384 * 4 ** index)];

/** An enumeration of the API, which is but a peer for types: it is not loaded for this number. */
const wholeNumbers: ValueType.INT = 0;

export type CallLabels = { 'grpc.method': string; 'grpc.target': string };

/** What is counted of one call. */
export interface CallRecorder {
  attemptStarted(): void;
  /** Sizes in bytes, of messages as they are on the wire, without their framing. */
  attemptEnded(code: status, seconds: number, sentBytes: number, receivedBytes: number): void;
  callEnded(code: status, seconds: number): void;
}

/** The client's instruments of gRFC A66, with its names, units and boundaries. */
export function clientInstruments(provider: MeterProvider): { of: (labels: CallLabels) => CallRecorder } {
  const meter = provider.getMeter('grpc-js'); // the name of the library that is measured, says the gRFC
  const seconds = (name: string, description: string) =>
    meter.createHistogram(name, {
      description,
      unit: 's',
      advice: { explicitBucketBoundaries: [...latencyBounds] },
    });
  const bytes = (name: string, description: string) =>
    meter.createHistogram(name, {
      description,
      unit: 'By',
      valueType: wholeNumbers,
      advice: { explicitBucketBoundaries: [...sizeBounds] },
    });
  const started = meter.createCounter('grpc.client.attempt.started', {
    description: 'Number of client call attempts started.',
    unit: '{attempt}',
    valueType: wholeNumbers,
  });
  const attempt = seconds(
    'grpc.client.attempt.duration',
    'End-to-end time taken to complete a client call attempt.',
  );
  const sent = bytes(
    'grpc.client.attempt.sent_total_compressed_message_size',
    'Compressed message bytes sent per client call attempt.',
  );
  const received = bytes(
    'grpc.client.attempt.rcvd_total_compressed_message_size',
    'Compressed message bytes received per call attempt.',
  );
  const call = seconds(
    'grpc.client.call.duration',
    'Time that gRPC takes to complete a call, as the program sees it.',
  );
  const ended = (labels: CallLabels, code: status) => ({
    ...labels,
    'grpc.status': status[code] ?? 'UNKNOWN',
  });
  return {
    of: (labels) => ({
      attemptStarted: () => started.add(1, labels),
      attemptEnded: (code, took, sentBytes, receivedBytes) => {
        const all = ended(labels, code);
        attempt.record(took, all);
        sent.record(sentBytes, all);
        received.record(receivedBytes, all);
      },
      callEnded: (code, took) => call.record(took, ended(labels, code)),
    }),
  };
}
