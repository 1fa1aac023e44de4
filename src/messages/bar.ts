const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** A share 0–1 of `width` block characters, to an eighth of one; anything above nothing shows at least a sliver. */
export function drawBar(share: number, width = 10): string {
  const eighths = Math.round(Math.min(Math.max(share, 0), 1) * width * 8);
  const shown = share > 0 ? Math.max(eighths, 1) : 0;
  return '█'.repeat(Math.floor(shown / 8)) + PARTS[shown % 8]!;
}

/**
 * A gauge of 20 steps with its thresholds as upright strokes: `███████████████│███│░░`. A step is filled once it is
 * reached in full (the first with any use), so the fill never touches a mark that use has not reached.
 */
export function drawGauge(percent: number, marks: readonly number[]): string {
  const steps = 20;
  const filled = percent > 0 ? Math.max(1, Math.min(steps, Math.floor((percent * steps) / 100))) : 0;
  let gauge = '';
  for (let step = 0; step < steps; step += 1) {
    const from = (step * 100) / steps;
    if (marks.some((mark) => mark > 0 && mark < 100 && mark > from - 100 / steps && mark <= from)) gauge += '│';
    gauge += step < filled ? '█' : '░';
  }
  return gauge;
}
