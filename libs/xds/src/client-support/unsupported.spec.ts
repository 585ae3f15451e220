import type { OutlierDetection } from '@evenly/mesh-config';
import { describe, expect, it } from 'vitest';
import { mesh, meshRoute, meshService } from '../testing/mesh.ts';
import { unsupported } from './unsupported.ts';

const grpc = ['grpc-js', 'grpc-go', 'grpc-core', 'grpc-java'];

describe('the panic threshold, of which gRPC clients know nothing', () => {
  const failurePercentage = {
    thresholdPercent: 50,
    enforcementPercent: 100,
    minimumHosts: 2,
    requestVolume: 10,
  };
  const byRow: OutlierDetection = {
    consecutiveFailures: 5,
    intervalMs: 1000,
    baseEjectionTimeMs: 2000,
    maxEjectionTimeMs: 10_000,
    maxEjectionPercent: 60,
  };
  const detection = { ...byRow, failurePercentage };
  const usesOf = (outlierDetection: OutlierDetection, panicThresholdPercent = 50) =>
    unsupported(mesh([meshService('be1', { outlierDetection, panicThresholdPercent })]))
      .filter(({ field }) => field === 'policy.panicThresholdPercent')
      .map(({ clients }) => clients);

  it('is said where ejections can come to it', () => {
    expect(usesOf(detection)).toEqual([grpc]);
  });

  it.each([
    ['they cannot', usesOf({ ...detection, maxEjectionPercent: 50 })],
    ['there is none', usesOf({ ...detection, maxEjectionPercent: 100 }, 0)],
    ['these clients eject nobody', usesOf(byRow)],
  ])('is not said where %s', (_where, uses) => {
    expect(uses).toEqual([]);
  });
});

describe('what is so of every service with a field that most have', () => {
  const config = (timeoutMs: number) =>
    mesh([meshService('be1', { timeoutMs }), meshService('be2')], {
      routes: [{ ...meshRoute('be2', 'be2'), name: 'slow', timeoutMs }],
    });

  it('retries of gRPC clients: of no service by itself', () => {
    const retry = { attempts: 3, on: ['UNAVAILABLE' as const], backoff: { baseMs: 1, maxMs: 2 } };
    const routes = [{ ...meshRoute('be2', 'be2'), retry }];
    expect(unsupported(mesh([meshService('be1', { retry }), meshService('be2')], { routes }))).toEqual([]);
  });

  it('a timeout that C-core makes up to a second longer: where that doubles it', () => {
    expect(unsupported(config(1000))).toMatchObject([
      { service: 'be1', field: 'policy.timeout', clients: ['grpc-core'] },
      { service: 'be2', field: 'timeout of route slow', clients: ['grpc-core'] },
    ]);
    expect(unsupported(config(1001))).toEqual([]);
  });
});
