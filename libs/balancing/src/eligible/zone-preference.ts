/** Where an endpoint or a caller is; empty texts = not known. */
export interface Place {
  readonly region: string;
  readonly zone: string;
}

/**
 * - `none`: all zones alike
 * - `weighted`: an endpoint in the caller's zone counts 1000 times as much as one elsewhere
 * - `failover`: the caller's zone first, then its region, then the rest
 * - `hints`: those that the source says are for the caller's zone
 */
export type ZonePreference = 'none' | 'weighted' | 'failover' | 'hints';

export interface PlacePreference {
  zonePreference: ZonePreference;
  /** Endpoints of other regions than the caller's come behind, whatever becomes of zones. */
  ownRegionFirst?: boolean | undefined;
}

/** The last tier of zones. */
const farthest = 2;

/** How much more an endpoint in the caller's own zone counts with `weighted`. */
const ownZoneFactor = 1000;

/** What a preference makes of where an endpoint is: what its weight is multiplied by, and how far away it counts. */
export function preferenceOf(
  { zonePreference: preference, ownRegionFirst = false }: PlacePreference,
  place: Place,
  viewer: Place,
) {
  const isOwn = isSameZone(place, viewer);
  const farTier = ownRegionFirst && isElsewhere(place, viewer) ? farthest : 0;
  return {
    factor: preference === 'weighted' && isOwn ? ownZoneFactor : 1,
    tier: preference === 'failover' ? tierOf(isOwn, place, viewer) : farTier,
    /** A subset has these first, within a tier. */
    isPreferred: preference === 'weighted' && isOwn,
  };
}

/** In another region, as far as both are known. */
export const isElsewhere = ({ region }: Pick<Place, 'region'>, viewer: Place): boolean =>
  viewer.region !== '' && region !== '' && region !== viewer.region;

/** Zones of two regions may have the same name; a region that one side does not know tells nothing apart. */
function isSameZone(place: Place, viewer: Place): boolean {
  if (viewer.zone === '' || place.zone !== viewer.zone) return false;
  return viewer.region === '' || place.region === '' || place.region === viewer.region;
}

/** 0 in the caller's zone, 1 in its region, 2 elsewhere; so all are alike for a caller that does not know where it is. */
function tierOf(isOwn: boolean, place: Place, viewer: Place): number {
  if (isOwn) return 0;
  return viewer.region !== '' && place.region === viewer.region ? 1 : farthest;
}
