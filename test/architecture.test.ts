import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** Small files at the root that any part may use. */
const COMMON = ['errors.ts', 'log.ts', 'secret.ts', 'threads.ts', 'version.ts'];

/**
 * Parts that each part may import besides itself and COMMON. Data flows ingest → store → report → chart → slack. Work starts in
 * `schedule` and the listeners of `slack`, which reach each other only through slack/ports.ts.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  domain: ['errors.ts'],
  definition: ['domain'],
  store: ['domain'],
  usage: ['domain', 'store'],
  ingest: ['domain', 'store', 'usage', 'config.ts'],
  sql: ['domain', 'store', 'usage', 'report'],
  export: ['domain', 'usage', 'report', 'sql'],
  http: ['domain', 'ingest', 'store', 'report', 'ask'],
  report: ['domain'],
  chart: ['domain', 'report'],
  'slack/command': ['domain'],
  messages: ['domain', 'report', 'slack', 'slack/command'],
  'slack/client': ['domain', 'messages'],
  slack: ['domain', 'store', 'messages', 'slack/command', 'slack/client'],
  ask: ['domain', 'report', 'messages', 'slack/command'],
  delivery: ['domain', 'store', 'messages', 'slack/client'],
  schedule: ['domain', 'store', 'report', 'delivery', 'slack', 'messages', 'slack/command', 'slack/client'],
  admin: ['domain', 'definition', 'store', 'ingest', 'messages', 'slack', 'slack/client', 'config.ts'],
  'playground/emulator': [],
};

/** Parts at the top, which put the others together and may import anything. */
const FREE = ['cli', 'samples', 'playground', 'app.ts', 'main.ts', 'config.ts'];

/** Files of `slack` that other parts may import: they have declarations only, no listener, Bolt or store. */
const SLACK_LEAVES = ['context.ts', 'next-questions.ts', 'permissions.ts', 'ports.ts'];

/** Packages, and the parts that may use them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  kysely: ['store', 'usage'],
  'kysely/migration': ['store'],
  'better-sqlite3': ['store'],
  pg: ['store'],
  'hyparquet-writer': ['export'],
  '@slack/bolt': ['slack'],
  '@slack/web-api': ['slack/client', 'slack', 'delivery', 'admin', 'samples'],
  vega: ['chart'],
  'vega-lite': ['chart'],
  '@resvg/resvg-js': ['chart'],
  zod: [
    'ask',
    'config.ts',
    'delivery',
    'ingest',
    'http',
    'messages',
    'playground',
    'playground/emulator',
    'schedule',
    'slack',
    'store',
  ],
  yaml: ['definition', 'admin', 'playground', 'playground/emulator'],
  'node-cron': ['schedule'],
  pino: ['log.ts'],
};

interface Import {
  file: string;
  from: string;
  to: string;
  /** Path of the imported file within src, or the package. */
  target: string;
  ours: boolean;
}

const imports = listImports();

describe('the arrow between the parts', () => {
  it.each(Object.keys(ALLOWED))('%s imports only what lies before it', (part) => {
    const allowed = new Set([...ALLOWED[part]!, part, ...(part === 'domain' ? [] : COMMON)]);
    const wrong = imports.filter((one) => one.ours && one.from === part && !allowed.has(one.to));
    expect(wrong.map(describeImport)).toEqual([]);
  });

  it('every part has its place in the table', () => {
    const parts = new Set(imports.map(({ from }) => from));
    expect([...parts].filter((part) => !(part in ALLOWED) && !FREE.includes(part) && !COMMON.includes(part))).toEqual(
      [],
    );
  });

  it('of slack/, messages and the schedule use declarations only', () => {
    const wrong = imports.filter(
      ({ from, to, target }) =>
        (from === 'messages' || from === 'schedule') &&
        to === 'slack' &&
        !SLACK_LEAVES.includes(target.replace('slack/', '')),
    );
    expect(wrong.map(describeImport)).toEqual([]);
  });
});

describe('the picture in README.md', () => {
  it('has the arrows of the table, but those that follow from others', () => {
    const arrows = readPicture().filter(([, to]) => to in ALLOWED);
    expect(arrows.filter(([from, to]) => !ALLOWED[to]!.includes(from))).toEqual([]);
    const listBehind = (part: string): string[] =>
      arrows.flatMap(([from, to]) => (to === part ? [from, ...listBehind(from)] : []));
    const missing = Object.entries(ALLOWED).flatMap(([part, allowed]) =>
      allowed
        .filter((from) => from in ALLOWED && !listBehind(part).includes(from))
        .map((from) => `${from} --> ${part}`),
    );
    // Allowed because only declarations are imported (SLACK_LEAVES).
    expect(missing).toEqual(['slack --> messages']);
  });
});

describe('files', () => {
  it('have at most 400 lines', () => {
    const long = listFiles(SRC).filter((file) => readFileSync(file, 'utf8').split('\n').length > 401);
    expect(long.map((file) => relative(SRC, file))).toEqual([]);
  });

  it('import each other in no circle, types included', () => {
    const targets = new Map(listFiles(SRC).map((path) => [relative(SRC, path), [] as string[]]));
    for (const { file, target, ours } of imports) if (ours) targets.get(file)!.push(target);
    expect(listCircles(targets)).toEqual([]);
  });
});

describe('comments', () => {
  it('point only to pages that the repository has', () => {
    const root = join(SRC, '..');
    const pages = listFiles(SRC).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/\b((?:[\w.-]+\/)*[A-Z]{4,}\.md)\b/g)].map(([, page]) => page!),
    );
    expect(pages.length).toBeGreaterThan(3);
    expect(pages.filter((page) => !existsSync(join(root, page)))).toEqual([]);
  });
});

describe('transactions', () => {
  it('are opened by the store, or by the writer of usage', () => {
    const files = listFiles(SRC).filter((file) => !/\/(store|usage)\//.test(file));
    expect(files.filter((file) => readFileSync(file, 'utf8').includes('.transaction()'))).toEqual([]);
  });
});

describe('Slack’s client', () => {
  it('is made, and its errors are told apart, in slack/client alone', () => {
    const files = listFiles(SRC).filter((file) => !/\/(slack\/client|playground)\//.test(file));
    const wrong = files.filter((file) =>
      /import (?!type )[^;]*from '@slack\/web-api'/.test(readFileSync(file, 'utf8')),
    );
    expect(wrong).toEqual([]);
  });
});

describe('rights', () => {
  it('listeners hear of people only through listen.ts, which asks for their rights first', () => {
    const files = listFiles(join(SRC, 'slack')).filter((file) => !file.endsWith('/slack/listen.ts'));
    const wrong = files.filter((file) =>
      /\bapp\.(action|view|options|shortcut|command)\(/.test(readFileSync(file, 'utf8')),
    );
    expect(wrong).toEqual([]);
  });
});

describe('packages', () => {
  it.each(Object.keys(PACKAGES))('%s is used where it belongs', (name) => {
    const wrong = imports.filter(
      ({ from, target, ours }) => !ours && target === name && !PACKAGES[name]!.includes(from),
    );
    expect(wrong.map(describeImport)).toEqual([]);
  });

  it('are in package.json, for an installation without devDependencies too', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(SRC, '../package.json'), 'utf8'));
    // The demo may use devDependencies: a deployment does without it.
    const all = { ...dependencies, ...devDependencies };
    const wrong = imports.filter(
      ({ from, target, ours }) =>
        !ours &&
        !Object.hasOwn(from.startsWith('playground') ? all : dependencies, /^(@[^/]+\/)?[^/]+/.exec(target)![0]),
    );
    expect(wrong.map(describeImport)).toEqual([]);
  });

  it('of the playground are loaded by the demo alone', () => {
    const wayIn = imports.filter(({ from, to }) => to.startsWith('playground') && !from.startsWith('playground'));
    expect(new Set(wayIn.map(({ file }) => file))).toEqual(new Set(['cli/demo.ts']));
    expect(readFileSync(join(SRC, 'cli/demo.ts'), 'utf8')).not.toMatch(/^import \{[^}]*\} from '\.\.\/playground/m);
  });

  it('domain uses none, nor the clock, nor the process', () => {
    expect(imports.filter(({ from, ours }) => from === 'domain' && !ours).map(describeImport)).toEqual([]);
    const impure = listFiles(join(SRC, 'domain')).filter((file) =>
      /\bDate\.now\(|\bnew Date\(\)|\bprocess\.|Temporal\.Now/.test(readFileSync(file, 'utf8')),
    );
    expect(impure).toEqual([]);
  });
});

/** Lists the circles of imports: Tarjan's strongly connected components, and files that import themselves. */
function listCircles(targets: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): number => {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    open.push(file);
    for (const target of targets.get(file) ?? []) {
      if (!order.has(target)) lowest.set(file, Math.min(lowest.get(file)!, visit(target)));
      else if (open.includes(target)) lowest.set(file, Math.min(lowest.get(file)!, order.get(target)!));
    }
    if (lowest.get(file) === order.get(file)) {
      const circle = open.splice(open.indexOf(file));
      if (circle.length > 1 || targets.get(file)?.includes(file)) circles.push(circle.sort());
    }
    return lowest.get(file)!;
  };
  for (const file of targets.keys()) if (!order.has(file)) visit(file);
  return circles;
}

/** Reads the arrows of the README's picture, as pairs of the imported part and the importing one. */
function readPicture(): [string, string][] {
  const picture = /```mermaid\n\S.*\n([\s\S]+?)```/.exec(readFileSync(join(SRC, '../README.md'), 'utf8'))![1]!;
  const names = new Map([...picture.matchAll(/(\w+)\[(.+?)\]/g)].map(([, id, name]) => [id!, name!]));
  return picture
    .replace(/\[.+?\]/g, '')
    .trim()
    .split('\n')
    .flatMap((line) => {
      const steps = line.split(' --> ').map((step) => step.split(' & ').map((id) => names.get(id.trim()) ?? id.trim()));
      return steps
        .slice(1)
        .flatMap((to, at) => steps[at]!.flatMap((from) => to.map((one) => [from, one] as [string, string])));
    });
}

function describeImport({ file, target }: Import): string {
  return `${file} imports ${target}`;
}

function listImports(): Import[] {
  return listFiles(SRC).flatMap((path) => {
    const file = relative(SRC, path);
    const text = readFileSync(path, 'utf8');
    return [...text.matchAll(/(?:\bfrom |\bimport |\bimport\()'([^']+)'(?:;$|\))/gm)]
      .map(([, name]) => name!)
      .filter((name) => !name.startsWith('node:') && !builtinModules.includes(name))
      .map((name) => {
        const ours = name.startsWith('.');
        const target = ours ? normalize(join(dirname(file), name)) : name;
        return { file, from: partOf(file), to: partOf(target), target, ours };
      });
  });
}

function partOf(file: string): string {
  return /^(slack\/command|slack\/client|playground\/emulator)\//.exec(file)?.[0].slice(0, -1) ?? file.split('/')[0]!;
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
