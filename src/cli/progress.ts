import { Presets, SingleBar } from 'cli-progress';
import type { CliContext } from './command.ts';

export interface Progress {
  move(read: number, total: number): void;
  say(line: string): void;
  end(): void;
}

/** Shows progress: as a bar in a terminal, otherwise a line per tenth. `say` prints a line without breaking the bar. */
export function createProgress(name: string, context: CliContext): Progress {
  if (!context.isTerminal) {
    let tenth = 0;
    return {
      move(read, total) {
        const reached = Math.floor((read * 10) / Math.max(1, total));
        if (reached > tenth && reached < 10) context.out(`${name}: ${reached * 10}% read`);
        tenth = Math.max(tenth, reached);
      },
      say: context.err,
      end: () => {},
    };
  }
  return drawBar(name, context);
}

/** Draws a bar on standard error. */
export function drawBar(name: string, context: CliContext): Progress {
  const bar = new SingleBar(
    { format: `${name} {bar} {percentage}% | {eta_formatted}`, hideCursor: true },
    Presets.shades_classic,
  );
  bar.start(1, 0);
  return {
    move(read, total) {
      bar.setTotal(Math.max(1, total));
      bar.update(read);
    },
    say(line) {
      process.stderr.write('\r\x1b[K');
      context.err(line);
    },
    end: () => bar.stop(),
  };
}
