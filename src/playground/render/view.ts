import { renderToStaticMarkup } from 'react-dom/server';
import type { View } from '../emulator/types.ts';
import { renderBlocks } from './blocks.ts';
import { h, type Scene } from './scene.ts';
import { plainOf } from './text-object.ts';

/** The inside of a modal: title, blocks, and the buttons that it names. */
export function renderModal(view: View, scene: Scene): string {
  const top = renderToStaticMarkup(
    h(
      'header',
      null,
      h('h2', { id: 'modal-title', tabIndex: -1 }, plainOf(view.title)),
      h('button', { type: 'button', className: 'plain icon', 'data-close': '', 'aria-label': 'Close' }, '✕'),
    ),
  );
  const end = renderToStaticMarkup(
    h(
      'footer',
      null,
      h('button', { type: 'button', className: 'button', 'data-close': '' }, plainOf(view.close, 'Cancel')),
      view.submit ? h('button', { type: 'submit', className: 'button primary' }, plainOf(view.submit)) : null,
    ),
  );
  const body = renderBlocks(view.blocks, { ...scene, values: view.state.values });
  return `${top}<div class="modal-body">${body}</div>${end}`;
}

export function renderHome(view: View, scene: Scene): string {
  return renderBlocks(view.blocks, { ...scene, heading: 'h2', values: view.state.values });
}
