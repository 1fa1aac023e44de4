import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { CHILD_ENV } from '../support/child-env.ts';

test('npm run demo says what to open and to type, takes events, and ends at Ctrl-C', async () => {
  const child = spawn(process.execPath, ['src/main.ts', 'demo'], { env: CHILD_ENV });
  try {
    let printed = '';
    let failed = '';
    child.stderr.on('data', (chunk) => {
      failed += chunk;
    });
    const ready = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        printed += chunk;
        if (printed.includes('Ctrl-C')) resolve();
      });
    });
    await Promise.race([ready, once(child, 'exit')]);
    const page = /Open\s+(http:\/\/127\.0\.0\.1:\d+)/.exec(printed)?.[1];
    expect(page, failed).toBeDefined();
    expect(await (await fetch(page!)).text()).toContain('Headroom playground');
    const [, address, token] = /curl (\S+) -H 'Authorization: Bearer (\S+)'/.exec(printed)!;
    const sent = await fetch(address!, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"client": "my-app", "method": "GET", "url": "/v1/orders/17", "status": 200}',
    });
    expect(await sent.json()).toMatchObject({ accepted: 1 });
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(failed).toBe('');
  } finally {
    child.kill('SIGKILL');
  }
});
