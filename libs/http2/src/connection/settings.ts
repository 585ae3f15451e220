import { ErrorCode, Http2Error } from '../errors.ts';
import {
  DEFAULT_WINDOW,
  Flag,
  MAX_MAX_FRAME_SIZE,
  MAX_WINDOW,
  MIN_MAX_FRAME_SIZE,
  SettingId,
} from '../frames/constants.ts';
import type { Core } from './core.ts';
import { pump } from './send.ts';

/** Our first bytes (RFC 9113 §3.4): for a client the preface, then SETTINGS and the connection's window. */
export function sendPreface(core: Core): void {
  const { settings, limits, writer } = core;
  if (core.role === 'client') writer.clientPreface();
  const pairs: number[] = [SettingId.MAX_HEADER_LIST_SIZE, limits.maxHeaderListBytes];
  if (core.role === 'client') pairs.push(SettingId.ENABLE_PUSH, 0);
  else pairs.push(SettingId.MAX_CONCURRENT_STREAMS, limits.maxConcurrentStreams);
  if (settings.headerTableSize !== 4096) pairs.push(SettingId.HEADER_TABLE_SIZE, settings.headerTableSize);
  if (settings.initialWindowSize !== DEFAULT_WINDOW) {
    pairs.push(SettingId.INITIAL_WINDOW_SIZE, settings.initialWindowSize);
  }
  if (settings.maxFrameSize !== MIN_MAX_FRAME_SIZE)
    pairs.push(SettingId.MAX_FRAME_SIZE, settings.maxFrameSize);
  writer.settings(pairs, true);
  const extra = settings.connectionWindowSize - DEFAULT_WINDOW;
  if (extra > 0) writer.windowUpdate(0, extra);
  core.receiveWindow += Math.max(0, extra);
}

/** SETTINGS (RFC 9113 §6.5). */
export function receiveSettings(
  core: Core,
  flags: number,
  id: number,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  if (id !== 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, 'SETTINGS on a stream');
  if (flags & Flag.ACK) {
    if (end > start)
      throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, 'SETTINGS acknowledgement with a payload');
    acknowledge(core);
    return;
  }
  if ((end - start) % 6 !== 0)
    throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, 'SETTINGS of the wrong length');
  core.flood.spend('settings', core.nowMs, 'SETTINGS frames');
  for (let at = start; at < end; at += 6) apply(core, bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2));
  const isFirst = !core.settingsReceived;
  core.settingsReceived = true;
  core.writer.settingsAck();
  if (isFirst && core.role === 'server') {
    core.setUpIsDue = true;
    core.writer.patientBytes = core.writer.pending;
  }
  core.events.onSettings?.(core.peer);
  pump(core);
}

/** The peer has applied our SETTINGS: from here on they bind it. */
function acknowledge(core: Core): void {
  if (core.settingsAcknowledged) return;
  core.settingsAcknowledged = true;
  core.decoder.setAllowedSize(core.settings.headerTableSize);
  const delta = core.settings.initialWindowSize - core.localInitialWindow;
  core.localInitialWindow = core.settings.initialWindowSize;
  for (const stream of core.streams.values()) stream.receiveWindow += delta;
}

function apply(core: Core, id: number, value: number): void {
  switch (id) {
    case SettingId.HEADER_TABLE_SIZE:
      core.encoder.setPeerTableSize(value);
      core.peer = { ...core.peer, headerTableSize: value };
      return;
    case SettingId.ENABLE_PUSH:
      // We never push; a server may not ask for it (RFC 9113 §6.5.2).
      if (value > 1 || (value === 1 && core.role === 'client')) throw settingError('ENABLE_PUSH', value);
      return;
    case SettingId.MAX_CONCURRENT_STREAMS: {
      const more = value > core.peer.maxConcurrentStreams;
      core.peer = { ...core.peer, maxConcurrentStreams: value };
      if (more) core.events.onCapacity?.();
      return;
    }
    case SettingId.INITIAL_WINDOW_SIZE:
      applyInitialWindow(core, value);
      return;
    case SettingId.MAX_FRAME_SIZE:
      if (value < MIN_MAX_FRAME_SIZE || value > MAX_MAX_FRAME_SIZE)
        throw settingError('MAX_FRAME_SIZE', value);
      core.peer = { ...core.peer, maxFrameSize: value };
      return;
    case SettingId.MAX_HEADER_LIST_SIZE:
      core.peer = { ...core.peer, maxHeaderListSize: value };
      return;
    default: // unknown settings are ignored (§6.5.2)
  }
}

/** Moves the window of every open stream, below zero too (RFC 9113 §6.9.2). */
function applyInitialWindow(core: Core, value: number): void {
  if (value > MAX_WINDOW)
    throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, 'INITIAL_WINDOW_SIZE above 2^31-1');
  const delta = value - core.peer.initialWindowSize;
  core.peer = { ...core.peer, initialWindowSize: value };
  for (const stream of core.streams.values()) {
    stream.sendWindow += delta;
    if (stream.sendWindow > MAX_WINDOW) {
      throw new Http2Error(
        ErrorCode.FLOW_CONTROL_ERROR,
        "INITIAL_WINDOW_SIZE moves a stream's window above 2^31-1",
      );
    }
  }
}

function settingError(name: string, value: number): Http2Error {
  return new Http2Error(ErrorCode.PROTOCOL_ERROR, `${name} of ${value}`);
}
