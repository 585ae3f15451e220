export const formatMs = (ms: number): string =>
  ms >= 1000 ? `${(ms / 1000).toFixed(2)}s` : `${ms.toFixed(ms < 10 ? 2 : 0)}ms`;

export const formatShare = (share: number): string => `${(share * 100).toFixed(1)}%`;
