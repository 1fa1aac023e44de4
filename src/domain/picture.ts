/** A drawn chart. */
export interface Picture {
  png: Uint8Array;
  /** Pixels. */
  width: number;
  height: number;
  /** Describes the chart with its numbers, in at most 1,000 characters. */
  altText: string;
}
