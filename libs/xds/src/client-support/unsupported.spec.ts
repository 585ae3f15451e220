import type { OutlierDetection } from '@evenly/mesh-config';
import { describe, expect, it } from 'vitest';
import { mesh, meshService } from '../testing/mesh.ts';
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
