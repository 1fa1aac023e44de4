/** One line of `headroom doctor` and `/usage debug`: right, or wrong with its cure. */
export interface Finding {
  ok: boolean;
  line: string;
}

export function good(line: string): Finding {
  return { ok: true, line };
}

export function bad(line: string): Finding {
  return { ok: false, line };
}
