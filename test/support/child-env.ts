/** The environment of a program in a process of its own: of the runner's, only where programs and compiled code are. */
export const CHILD_ENV: Record<string, string> = Object.fromEntries(
  ['PATH', 'NODE_COMPILE_CACHE'].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
);
