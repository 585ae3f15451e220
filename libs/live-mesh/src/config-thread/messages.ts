import type {
  ConfigFile,
  ConfigFault,
  Listener,
  OtherFormatOptions,
  Place,
  Route,
  Service,
} from '@evenly/mesh-config';

/** What the thread is started with. */
export interface ToRead {
  files: readonly ConfigFile[];
  options: OtherFormatOptions;
}

/** An item of the config, and where it stands: its own place first, then that of its `tls`. */
export interface PlacedItem<T> {
  item: T;
  places: readonly [Place | undefined, Place | undefined];
}

/** A config in parts that take about a millisecond each to be taken over; asked for one after the other. */
export interface Slice {
  services: PlacedItem<Service>[];
  routes: PlacedItem<Route>[];
  listeners: PlacedItem<Listener>[];
}

export type FromThread =
  { slice: Slice; isLast: boolean } | { faults: readonly ConfigFault[] } | { error: string };
