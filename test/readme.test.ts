import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { COMMANDS } from '../src/cli/commands.ts';
import { parseConfig, SETTING_NAMES } from '../src/config.ts';
import { parseDeclaration } from '../src/definition/parse.ts';
import { listAdapters } from '../src/ingest/adapters.ts';
import { VERSION } from '../src/version.ts';

const ROOT = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const readme = read('README.md');
const section = (title: string): string => readme.split(`\n## ${title}\n`)[1]!.split('\n## ')[0]!;

describe('README.md', () => {
  it('lists every setting, and none that there is not', () => {
    const listed = [...section('Settings').matchAll(/^\| `([A-Z_]+)` *\|/gm)].map(([, name]) => name);
    expect([...listed].sort()).toEqual([...SETTING_NAMES].sort());
  });

  it('lists every command, and none that there is not', () => {
    const listed = [...section('Commands').matchAll(/^\| `headroom ([\w-]+)/gm)].map(([, name]) => name);
    expect([...listed].sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
    const names = new Set(COMMANDS.map(({ name }) => name));
    for (const [, name] of readme.matchAll(/npx headroom ([\w-]+)/g)) expect([...names, 'help']).toContain(name);
  });

  it('names only adapters, files and scripts that exist', () => {
    const adapters = [...section('Senders').matchAll(/^\|[^|]+\| `([\w-]+)` *\|/gm)].map(([, name]) => name!);
    expect([...new Set(adapters)].sort()).toEqual(listAdapters().sort());
    for (const [, name] of readme.matchAll(/npx headroom sources add \S+ --adapter ([\w-]+)/g))
      expect(listAdapters()).toContain(name);
    for (const [, path] of readme.matchAll(/`((?:src|test|migrations|\.deploy|\.ci)(?:\/[\w.-]+)*)`/g))
      if (!path!.includes('NAME')) expect(existsSync(new URL(path!, ROOT)), path).toBe(true);
    const { scripts } = JSON.parse(read('package.json'));
    for (const [, script] of readme.matchAll(/npm run (\w+)/g)) expect(Object.keys(scripts)).toContain(script);
    expect(statSync(new URL('.github/answer.png', ROOT)).size).toBeGreaterThan(10_000);
    const folders = [...section('How it is laid out').matchAll(/^\| (`[^|]+`) *\|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`([^`]+)`/g)].map(([, path]) => path!),
    );
    const inSrc = readdirSync(new URL('src', ROOT), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.filter((path) => path.startsWith('src/')).sort()).toEqual(
      inSrc.map(({ name }) => `src/${name}`).sort(),
    );
  });

  it('shows a pools file that is read without a mistake', () => {
    const yaml = /```yaml\n([\s\S]+?)```/.exec(readme)![1]!;
    const { scopes, holidays } = parseDeclaration(yaml, 'pools.yml');
    expect(scopes.map(({ name }) => name)).toEqual(['crm']);
    expect(Object.keys(scopes[0]!.links)).toEqual(['addon', 'upgrade']);
    expect(scopes[0]!.pools.filter(({ validFromDay }) => validFromDay !== undefined)).toHaveLength(1);
    expect(holidays).toHaveLength(1);
  });
});

describe('the version', () => {
  it('is the newest of CHANGELOG.md, with its date, and the same in both package files', () => {
    const headings = [...read('.github/CHANGELOG.md').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading!);
    const released = headings.filter((heading) => heading !== 'Not yet released');
    expect(headings.indexOf('Not yet released')).toBeLessThanOrEqual(0);
    expect(released[0]).toMatch(new RegExp(`^${VERSION} \\(\\d{4}-\\d\\d-\\d\\d\\)$`));
    const lock = JSON.parse(read('package-lock.json'));
    expect([lock.version, lock.packages[''].version]).toEqual([VERSION, VERSION]);
  });
});

describe('.deploy and .env.example', () => {
  it('start the program that there is', () => {
    expect(read('.deploy/Dockerfile')).toContain('ENTRYPOINT ["node", "src/main.ts"]');
    expect(read('.deploy/headroom.service')).toMatch(
      /^ExecStart=\/opt\/headroom\/node_modules\/\.bin\/node src\/main\.ts start$/m,
    );
    expect(existsSync(fileURLToPath(new URL('src/main.ts', ROOT)))).toBe(true);
    expect(statSync(new URL('src/main.ts', ROOT)).mode & 0o111).toBe(0o111);
    const bases = read('.deploy/Dockerfile').match(/(?<=^FROM )\S+/gm)!;
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(new RegExp(`^node:${read('.nvmrc').trim()}-trixie-slim@sha256:[0-9a-f]{64}$`));
  });

  it('take no image from elsewhere that may be another tomorrow', () => {
    const { services } = parse(read('.deploy/compose.yml'));
    for (const { image, build } of Object.values<{ image: string; build?: object }>(services))
      if (!build) expect(image).toMatch(/^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
  });

  it('copy into the image what the program loads, and no setting or data', () => {
    const taken = [...read('.deploy/Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) =>
      paths!.split(' '),
    );
    const allowed = [...read('.deploy/Dockerfile.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path);
    expect([...new Set(taken)].sort()).toEqual([...allowed].sort());
    for (const path of taken) expect(existsSync(new URL(path, ROOT)), path).toBe(true);
  });

  it('ask the addresses and settings that there are, as an account of their own', () => {
    const { services } = parse(read('.deploy/compose.yml'));
    const [, deployment] = parseAllDocuments(read('.deploy/kubernetes.yml')).map((document) => document.toJS());
    const [container] = deployment.spec.template.spec.containers;
    const { port } = parseConfig({});
    const named = [
      ...Object.keys(services.headroom.environment),
      ...container.env.map(({ name }: { name: string }) => name),
    ];
    for (const name of named) expect(SETTING_NAMES).toContain(name);
    expect(services.headroom.ports).toEqual([`127.0.0.1:${port}:${port}`]);
    expect(container.ports[0].containerPort).toBe(port);
    expect([container.livenessProbe, container.readinessProbe].map((probe) => probe.httpGet.path)).toEqual([
      '/healthz',
      '/readyz',
    ]);
    expect(deployment.spec.template.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(read('.deploy/Dockerfile')).toContain('USER 1000:1000');
  });

  it('have a proxy that says who calls, keeps metrics to itself, and leads everybody to TLS', () => {
    const nginx = read('.deploy/nginx.conf').replace(/#.*/g, '');
    const servers = nginx.split(/^server \{$/m).slice(1);
    expect(servers).toHaveLength(2);
    expect(servers[0]).toMatch(/listen 80;[^{}]*return 301 https:\/\/\$host\$request_uri;/);
    expect(servers[1]).toMatch(/listen 443 ssl http2;/);
    const locations = [...servers[1]!.matchAll(/location (?:(~|=) )?(\S+) \{([^}]*)\}/g)];
    expect(locations.map(([, , path]) => path)).toEqual(['/', '^/metrics/*$']);
    for (const [, , path, rules] of locations) {
      // Without this header, a remote caller would count as a caller on this machine.
      expect(rules, path).toMatch(/^\s*proxy_set_header X-Forwarded-For \$remote_addr;$/m);
      expect(rules, path).toMatch(/^\s*proxy_pass http:/m);
    }
    const [, kind, pattern, rules] = locations[1]!;
    expect(kind).toBe('~');
    for (const path of ['/metrics', '/metrics/', '/metrics//']) expect(path).toMatch(new RegExp(pattern!));
    expect('/metricsx').not.toMatch(new RegExp(pattern!));
    expect(rules).toMatch(/allow [\d./]+;\s*deny all;/);
  });

  it('keep logs from filling the disk, however a container is run', () => {
    const limits = { driver: 'local', options: { 'max-size': '20m', 'max-file': '5' } };
    const { services } = parse(read('.deploy/compose.yml'));
    for (const [name, { logging }] of Object.entries<{ logging?: object }>(services))
      expect([name, logging]).toEqual([name, limits]);
    for (const run of read('.deploy/Dockerfile').match(/docker run -d .*/g)!)
      for (const [name, value] of Object.entries(limits.options)) expect(run).toContain(`--log-opt ${name}=${value}`);
  });

  it('agree with the defaults of the settings', () => {
    const config = parseConfig({});
    const nginx = read('.deploy/nginx.conf');
    expect(nginx).toContain(`proxy_pass http://${config.host}:${config.port};`);
    expect(nginx).toContain(`client_max_body_size ${config.maxBodyBytes / 1024 ** 2}m;`);
    expect(section('Settings')).toContain(`\`${config.maxBodyBytes}\``);
    const names = [...read('.env.example').matchAll(/^#?([A-Z_]+)=/gm)].map(([, name]) => name);
    for (const name of names) expect(SETTING_NAMES).toContain(name);
  });
});
