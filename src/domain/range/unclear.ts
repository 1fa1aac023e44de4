/** Words of a range that leave open which is meant. `choices` are texts of ranges, likeliest first. */
export interface Unclear {
  kind: 'unclear';
  message: string;
  choices: readonly string[];
}

export function unclear(message: string, choices: readonly string[]): Unclear {
  return { kind: 'unclear', message, choices: [...new Set(choices)] };
}

export function isUnclear<Other extends { kind: string }>(read: Other | Unclear | undefined): read is Unclear {
  return read?.kind === 'unclear';
}
