import type { Service } from './service.ts';

interface Row extends Service {
  name: string;
}

/** Ejects early and for good. */
const outlierDetection = {
  interval: '0.5s',
  baseEjectionTime: '300s',
  maxEjectionPercent: 50,
  failurePercentage: { thresholdPercent: 50, minimumHosts: 3, requestVolume: 5 },
};

/** Where carriers are known to choose otherwise: each row was wrong in one of them at least. */
export const table: readonly Row[] = [
  { name: 'all alike', endpoints: [{ at: 'e1' }, { at: 'e2' }, { at: 'e3' }] },
  { name: 'nobody', endpoints: [] },
  { name: 'nobody is ready', endpoints: [{ at: 'e1', state: 'not-ready' }] },
  {
    name: 'some serve while they end, some are ready',
    endpoints: [{ at: 'e1' }, { at: 'e2', state: 'serving-terminating' }, { at: 'e3', state: 'not-ready' }],
  },
  {
    name: 'only those that serve while they end are left',
    endpoints: [
      { at: 'e1', state: 'not-ready' },
      { at: 'e2', state: 'serving-terminating' },
      { at: 'e3', state: 'serving-terminating' },
    ],
  },
  {
    name: 'those that end in the own zone, a ready one elsewhere',
    endpoints: [
      { at: 'e1', zone: 'a', state: 'serving-terminating' },
      { at: 'e2', zone: 'b' },
    ],
    policy: { zonePreference: 'failover' },
  },
  {
    name: 'weights 1:9',
    endpoints: [
      { at: 'e1', weight: 1 },
      { at: 'e2', weight: 9 },
    ],
  },
  {
    name: 'weights, two endpoints of each',
    endpoints: [
      { at: 'e1', weight: 2 },
      { at: 'e2', weight: 2 },
      { at: 'e3', weight: 6 },
      { at: 'e4', weight: 6 },
    ],
  },
  {
    name: 'zones alike, of different size',
    endpoints: [
      { at: 'e1', zone: 'a' },
      { at: 'e2', zone: 'b' },
      { at: 'e3', zone: 'b' },
      { at: 'e4', zone: 'b' },
    ],
  },
  {
    name: 'the own zone, its region, the rest',
    endpoints: [
      { at: 'e1', region: 'west', zone: 'a' },
      { at: 'e2', region: 'west', zone: 'a' },
      { at: 'e3', region: 'west', zone: 'b' },
      { at: 'e4', region: 'east', zone: 'a' },
    ],
    policy: { zonePreference: 'failover' },
  },
  {
    name: 'the own zone is dead, its region is not',
    endpoints: [
      { at: 'dead1', region: 'west', zone: 'a' },
      { at: 'e3', region: 'west', zone: 'b' },
      { at: 'e4', region: 'east', zone: 'a' },
    ],
    policy: { zonePreference: 'failover' },
  },
  {
    name: 'most of the own zone is dead',
    endpoints: [
      { at: 'dead1', region: 'west', zone: 'a' },
      { at: 'dead2', region: 'west', zone: 'a' },
      { at: 'e1', region: 'west', zone: 'a' },
      { at: 'e4', region: 'east', zone: 'a' },
    ],
    policy: { zonePreference: 'failover' },
  },
  {
    name: 'most of one zone is dead, and nobody of another',
    endpoints: [
      { at: 'e1', zone: 'a' },
      { at: 'dead1', zone: 'a' },
      { at: 'dead2', zone: 'a' },
      { at: 'e2', zone: 'b' },
      { at: 'e3', zone: 'b' },
    ],
  },
  {
    name: 'most of one weight is dead, all of another, and nobody of a third',
    endpoints: [
      { at: 'e1', weight: 3 },
      { at: 'dead1', weight: 3 },
      { at: 'dead2', weight: 3 },
      { at: 'dead3', weight: 9 },
      { at: 'e2', weight: 6 },
    ],
  },
  {
    name: 'the own zone by weight',
    endpoints: [
      { at: 'e1', region: 'west', zone: 'a' },
      { at: 'e2', region: 'west', zone: 'a' },
      { at: 'e3', region: 'west', zone: 'b' },
      { at: 'e4', region: 'east', zone: 'a' },
    ],
    policy: { zonePreference: 'weighted' },
  },
  {
    name: 'hints',
    endpoints: [
      { at: 'e1', zone: 'a', forZones: ['a'] },
      { at: 'e2', zone: 'b', forZones: ['a', 'b'] },
      { at: 'e3', zone: 'a', forZones: ['b'] },
    ],
    policy: { zonePreference: 'hints' },
  },
  {
    name: 'hints, of which one is missing',
    endpoints: [{ at: 'e1', forZones: ['a'] }, { at: 'e2', forZones: ['b'] }, { at: 'e3' }],
    policy: { zonePreference: 'hints' },
  },
  {
    name: 'hints for nodes, which go before those for zones',
    endpoints: [
      { at: 'e1', forNodes: ['n1'], forZones: ['b'] },
      { at: 'e2', forNodes: ['n2'], forZones: ['a'] },
      { at: 'e3', forNodes: ['n2', 'n1'], forZones: ['b'] },
    ],
    policy: { zonePreference: 'hints' },
  },
  {
    name: 'hints for other nodes, so that those for zones count',
    endpoints: [
      { at: 'e1', forNodes: ['n2'], forZones: ['b'] },
      { at: 'e2', forNodes: ['n3'], forZones: ['a'] },
    ],
    policy: { zonePreference: 'hints' },
  },
  {
    name: 'home',
    endpoints: [{ at: 'e1' }, { at: 'e2', region: 'east', zone: 'b' }],
    locality: { region: 'west', zone: 'a' },
    policy: { zonePreference: 'failover' },
  },
  {
    name: 'a subset',
    endpoints: [{ at: 'e1' }, { at: 'e2' }, { at: 'e3' }, { at: 'e4' }, { at: 'e5' }, { at: 'e6' }],
    policy: { subsetting: { size: 2 } },
  },
  {
    name: 'one of four fails all calls',
    endpoints: [{ at: 'e1' }, { at: 'sick1' }, { at: 'e2' }, { at: 'e3' }],
    policy: { outlierDetection },
  },
  {
    name: 'half of the first priority fails all calls, which keeps its calls',
    endpoints: [
      { at: 'e1' },
      { at: 'e2' },
      { at: 'sick1' },
      { at: 'sick2' },
      { at: 'e3', priority: 1 },
      { at: 'e4', priority: 1 },
    ],
    policy: { outlierDetection },
  },
  {
    name: 'least request, weights',
    endpoints: [{ at: 'e1' }, { at: 'e2', weight: 3 }, { at: 'e3' }],
    policy: { loadBalancing: 'least-request' },
  },
  {
    name: 'random, weights',
    endpoints: [{ at: 'e1' }, { at: 'e2', weight: 3 }, { at: 'e3' }],
    policy: { loadBalancing: 'random' },
  },
];
