import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Block, JsonObject } from './types.ts';

const SCHEMA_FILE = new URL('./schema/slack-block-kit.schema.json', import.meta.url);

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
  return validate(block) ? [] : toMessages(validate.errors ?? [], pointer);
}

/** The same for what a view has beside its blocks: title, submit, private_metadata… */
export function findViewErrors(view: JsonObject): string[] {
  const validate = findValidator(`${String(view.type)}_view`);
  if (!validate) return [`unsupported type: ${String(view.type)} [json-pointer:/type]`];
  return validate(view) ? [] : toMessages(validate.errors ?? [], '');
}

/**
 * A `oneOf` over element types reports the errors of every alternative. Those of alternatives with another `type` are
 * noise, and so is the summary of the `oneOf` itself when a cause is left.
 */
function toMessages(errors: ErrorObject[], pointer: string): string[] {
  const alternatives = errors
    .filter((error) => error.keyword === 'const' && error.instancePath.endsWith('/type'))
    .map((error) => ({
      definition: definitionOf(error),
      branch: error.schemaPath.replace(/\/properties\/type\/const$/, ''),
      place: error.instancePath.replace(/\/type$/, ''),
    }));
  const causes = errors.filter(
    (error) =>
      !['oneOf', 'anyOf', 'allOf', 'if'].includes(error.keyword) &&
      !alternatives.some(
        (other) =>
          error.instancePath.startsWith(other.place) &&
          (other.definition ? definitionOf(error) === other.definition : error.schemaPath.startsWith(other.branch)),
      ),
  );
  const shown = causes.length > 0 ? causes : errors.filter((error) => error.keyword === 'oneOf');
  const messages = (shown.length > 0 ? shown : errors).map((error) => {
    const extra = error.keyword === 'additionalProperties' ? ` (${error.params.additionalProperty})` : '';
    return `${error.message ?? error.keyword}${extra} [json-pointer:${pointer}${error.instancePath}]`;
  });
  return [...new Set(messages)].slice(0, 5);
}

/** Name of the definition an error was raised in, when ajv says it: `#/$defs/button_element/…` → `button_element`. */
function definitionOf(error: ErrorObject): string | undefined {
  const match =
    /#\/\$defs\/(\w+)\/properties\//.exec(error.schemaPath) ?? /#\/\$defs\/(\w+)\/[^/]+$/.exec(error.schemaPath);
  return match?.[1];
}
