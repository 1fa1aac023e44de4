import { CALLBACKS } from './action-ids.ts';
import { MAX_INPUT_TEXT } from './limits.ts';
import { input, modal } from './modal.ts';
import type { PoolsMetadata } from './pool-form.ts';
import { type Block, plainText } from './text.ts';

/** The YAML of a scope, or of all. Longer than a field holds: said so, with the way that takes any length. */
export function buildPoolModal(metadata: PoolsMetadata, yaml: string): Block {
  const fits = yaml.length <= MAX_INPUT_TEXT;
  const long =
    'This declaration is too long for a form. Open one scope (pool edit SCOPE), or apply a file: headroom pools apply FILE';
  return modal({
    callback: CALLBACKS.pools,
    title: 'Pools as text',
    submit: 'Apply',
    metadata,
    blocks: [
      ...(fits ? [] : [{ type: 'section', text: plainText(long) }]),
      input({
        id: 'yaml',
        label: 'Scopes, pools, limits (YAML)',
        element: {
          type: 'plain_text_input',
          multiline: true,
          max_length: MAX_INPUT_TEXT,
          ...(fits && yaml ? { initial_value: yaml } : {}),
        },
        hint: 'What differs holds from today, or from its valid_from. Scopes that are not named stay as they are.',
      }),
    ],
  });
}
