/** A chart, drawn. */
export interface Picture {
  png: Uint8Array;
  /** Pixels. */
  width: number;
  height: number;
  /** Says what the chart shows, with its numbers, in at most 1,000 characters. */
  altText: string;
}
