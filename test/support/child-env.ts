/** Environment for a child process. It takes nothing from the test runner but the paths of programs and of compiled code. */
export const CHILD_ENV: Record<string, string> = Object.fromEntries(
  ['PATH', 'NODE_COMPILE_CACHE'].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
);
