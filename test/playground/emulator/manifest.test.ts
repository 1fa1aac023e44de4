import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readManifest } from '../../../src/playground/emulator/manifest.ts';
import { EVENTS } from '../../../src/slack/events.ts';

const path = new URL('../../../app-manifest.yml', import.meta.url);
const schemaPath = new URL('../../fixtures/slack/manifest.schema.2.0.0.json', import.meta.url);

test("the manifest is valid by Slack's schema", () => {
  const ajv = new Ajv({ strict: false, allErrors: true, formats: { uri: true } });
  const validate = ajv.compile(JSON.parse(readFileSync(schemaPath, 'utf8')));
  validate(parse(readFileSync(path, 'utf8')));
  expect(validate.errors).toBeNull();
});

test('it says what the bot needs, and nothing that lets it speak where it is not a member', () => {
  const manifest = readManifest(path.pathname);
  expect(manifest).toMatchObject({ name: 'Headroom', homeTab: true, messagesTab: true, interactive: true });
  expect([...manifest.commands]).toEqual([['/usage', { shouldEscape: true }]]);
  expect(manifest.scopes).not.toContain('chat:write.public');
  expect(manifest.scopes.size).toBe(new Set(manifest.scopes).size);
  const heard: string[] = [];
  const app = { event: (name: string) => heard.push(name === 'message' ? 'message.im' : name) };
  for (const listen of EVENTS) listen(app as never, {} as never);
  expect([...manifest.events].sort()).toEqual(heard.sort());
  expect([...manifest.shortcuts.values()]).toMatchObject([{ type: 'message', name: 'Usage here' }]);
});
