import type { Block, JsonObject } from './types.ts';

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lists the elements of blocks, each with its block. */
export function listElements(blocks: Block[]): { block: Block; element: Block }[] {
  return blocks.flatMap((block) =>
    [block.accessory, block.element, block.elements]
      .flat()
      .filter((element): element is Block => isObject(element) && typeof element.type === 'string')
      .map((element) => ({ block, element })),
  );
}

/** Yields every object inside a list of blocks, with its json-pointer; containers come before their contents. */
export function* walk(value: unknown, pointer: string): Generator<{ node: JsonObject; pointer: string }> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* walk(item, `${pointer}/${index}`);
  } else if (isObject(value)) {
    yield { node: value, pointer };
    for (const [key, item] of Object.entries(value)) yield* walk(item, `${pointer}/${key}`);
  }
}

/** Lists the options of a select, radio, checkbox or overflow element, those of groups too. */
export function listOptions(element: JsonObject): JsonObject[] {
  const groups = Array.isArray(element.option_groups) ? (element.option_groups as JsonObject[]) : [];
  return [element.options, ...groups.map((group) => group.options)].flat().filter(isObject);
}
