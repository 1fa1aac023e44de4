import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Block, JsonObject } from './types.ts';

const SCHEMA_FILE = new URL('./schema/slack-block-kit.schema.json', import.meta.url);

/** More would hide the first. */
const MAX_MESSAGES = 5;

interface BlockSchema {
  $id: string;
  $defs: Record<string, { properties?: Record<string, unknown> }>;
}

let compiled: { ajv: Ajv2020; schema: BlockSchema } | undefined;

function load(): { ajv: Ajv2020; schema: BlockSchema } {
  if (!compiled) {
    const schema = JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as BlockSchema;
    // A view's shell is checked apart from its blocks, which get far clearer errors one by one.
    for (const view of ['modal_view', 'home_view'] as const) {
      const blocks = schema.$defs[view]!.properties!.blocks as JsonObject;
      blocks.items = { type: 'object' };
    }
    const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { uri: (text: string) => URL.canParse(text) } });
    ajv.addSchema(schema);
    compiled = { ajv, schema };
  }
  return compiled;
}

/** Compiles the schema now (a quarter of a second), so that it does not hold up the first message. */
export function prepareSchema(): void {
  findValidator('divider_block');
}

function findValidator(definition: string): ValidateFunction | undefined {
  const { ajv, schema } = load();
  if (!Object.hasOwn(schema.$defs, definition)) return undefined;
  return ajv.getSchema(`${schema.$id}#/$defs/${definition}`) as ValidateFunction;
}

/**
 * What is wrong with one block by the schema: messages that end in Slack's `[json-pointer:…]`, at most five; empty when
 * it is right. `pointer` is the block's own place, `/blocks/3`.
 */
export function findSchemaErrors(block: Block, pointer: string): string[] {
  const validate = findValidator(`${block.type}_block`);
  if (!validate) return [`unsupported type: ${block.type} [json-pointer:${pointer}/type]`];
  return validate(block) ? [] : toMessages(validate.errors ?? [], block, pointer);
}

/** The same for what a view has beside its blocks: title, submit, private_metadata… */
export function findViewErrors(view: JsonObject): string[] {
  const validate = findValidator(`${String(view.type)}_view`);
  if (!validate) return [`unsupported type: ${String(view.type)} [json-pointer:/type]`];
  return validate(view) ? [] : toMessages(validate.errors ?? [], view, '');
}

/** Definitions that a node of this type may be checked by, wherever it stands. */
function findDefinition(type: string): ValidateFunction | undefined {
  const names = [`${type}_element`, `${type}_block`, `${type}_object`, `${type}_text_object`, `rich_text_${type}_leaf`];
  for (const name of names) {
    const validate = findValidator(name);
    if (validate) return validate;
  }
  return undefined;
}

function at(root: unknown, path: string): unknown {
  return path
    .split('/')
    .slice(1)
    .reduce<unknown>((node, key) => (node as JsonObject | undefined)?.[key], root);
}

const SUMMARIES = new Set(['oneOf', 'anyOf', 'allOf', 'if', 'not']);

/**
 * A `oneOf` over types reports the errors of every alternative. Instead, the node is checked again by the definition of
 * its own type, which names the cause; where there is none, alternatives of another type are left out.
 */
function toMessages(errors: ErrorObject[], root: unknown, pointer: string): string[] {
  const choices = errors
    .filter((error) => error.keyword === 'oneOf' && error.instancePath !== '')
    .map((error) => error.instancePath)
    .sort((a, b) => a.length - b.length);
  const messages: string[] = [];
  let rest = errors;
  for (const path of choices) {
    const isInside = (error: ErrorObject) => error.instancePath === path || error.instancePath.startsWith(`${path}/`);
    if (!rest.some(isInside)) continue;
    const node = at(root, path) as Block | undefined;
    const validate = typeof node?.type === 'string' ? findDefinition(node.type) : undefined;
    if (validate) {
      const wrongPlace = `unsupported type: ${node!.type} [json-pointer:${pointer}${path}/type]`;
      messages.push(...(validate(node) ? [wrongPlace] : toMessages(validate.errors ?? [], node, pointer + path)));
      rest = rest.filter((error) => !isInside(error));
    } else {
      const others = rest
        .filter((error) => isOtherType(error, path))
        .map((error) => error.schemaPath.replace(BRANCH, '$1'));
      rest = rest.filter((error) => !isInside(error) || !others.some((branch) => error.schemaPath.startsWith(branch)));
    }
  }
  const causes = rest.filter((error) => !SUMMARIES.has(error.keyword));
  const plain = causes.length > 0 || messages.length > 0 ? causes : rest;
  messages.push(...plain.map((error) => toMessage(error, pointer)));
  return [...new Set(messages)].slice(0, MAX_MESSAGES);
}

/** Place of one alternative in the schema, up to its number. */
const BRANCH = /^(.*\/oneOf\/\d+\/).*$/;

function isOtherType(error: ErrorObject, path: string): boolean {
  return (error.keyword === 'const' || error.keyword === 'enum') && error.instancePath === `${path}/type`;
}

function toMessage(error: ErrorObject, pointer: string): string {
  const extra = error.keyword === 'additionalProperties' ? ` (${error.params.additionalProperty})` : '';
  return `${error.message ?? error.keyword}${extra} [json-pointer:${pointer}${error.instancePath}]`;
}
