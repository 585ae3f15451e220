import type {
  ConfigFile,
  ConfigFault,
  Listener,
  OlderFormatOptions,
  FilePosition,
  Route,
  Service,
} from '@evenly/mesh-config';

/** What the thread is started with. */
export interface ToRead {
  files: readonly ConfigFile[];
  options: OlderFormatOptions;
}

/** An item of the config, and where it stands: its own place first, then that of its `tls`. */
export interface PositionedItem<T> {
  item: T;
  positions: readonly [FilePosition | undefined, FilePosition | undefined];
}

/** A config in parts that take about a millisecond each to be taken over; asked for one after the other. */
export interface Slice {
  services: PositionedItem<Service>[];
  routes: PositionedItem<Route>[];
  listeners: PositionedItem<Listener>[];
}

export type FromThread =
  { slice: Slice; isLast: boolean } | { faults: readonly ConfigFault[] } | { error: string };
