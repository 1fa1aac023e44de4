import type { JsonObject } from '../emulator/types.ts';
import { type ElementPlace, renderInput, renderMenu, type Wiring } from './inputs.ts';
import { fileUrl, h, type ReactNode, type Scene, safeUrl } from './scene.ts';
import { listOf, plainOf, renderText } from './text.ts';

/**
 * An element that people act on, as plain HTML. The page's script finds what to send in its attributes: `data-element`
 * (type), `data-action` and `data-block` (ids), and `data-waits` where the form sends it.
 */
export function renderElement(element: JsonObject, place: ElementPlace, scene: Scene, key?: number): ReactNode {
  const wiring = {
    key,
    'data-element': String(element.type),
    'data-action': String(element.action_id ?? ''),
    'data-block': place.block,
    ...(place.waits ? { 'data-waits': '' } : {}),
    ...(element.confirm ? { 'data-confirm': toConfirm(element.confirm as JsonObject) } : {}),
  };
  switch (element.type) {
    case 'button':
      return renderButton(element, wiring);
    case 'overflow':
      return renderOverflow(element, wiring);
    case 'image':
      return renderImage(element, key);
    case 'plain_text':
    case 'mrkdwn':
      return h('span', { key }, renderText(element, scene));
    default:
      return (
        renderMenu(element, wiring, place, scene) ??
        renderInput(element, wiring, place, scene) ??
        h('span', { key, className: 'unknown' }, `(${String(element.type)})`)
      );
  }
}

function renderButton(element: JsonObject, wiring: Wiring): ReactNode {
  const className = `button ${element.style === 'primary' || element.style === 'danger' ? element.style : ''}`.trim();
  const label = element.accessibility_label ? { 'aria-label': String(element.accessibility_label) } : {};
  const url = safeUrl(element.url);
  const text = plainOf(element.text);
  if (url) return h('a', { ...wiring, ...label, className, href: url, target: '_blank', rel: 'noopener' }, text);
  return h('button', { ...wiring, ...label, className, type: 'button' }, text);
}

/** A button and the menu that it opens: a popover, which nothing around it can cut. */
function renderOverflow(element: JsonObject, { key, ...wiring }: Wiring): ReactNode {
  const options = listOf(element.options).map((option, index) =>
    h(
      'button',
      {
        key: index,
        type: 'button',
        role: 'menuitem',
        tabIndex: -1,
        'data-value': String(option.value),
        ...wiring,
      },
      plainOf(option.text),
    ),
  );
  const label = 'More actions';
  return h(
    'span',
    { key: key as number, className: 'overflow' },
    h(
      'button',
      {
        type: 'button',
        className: 'button',
        'aria-label': label,
        'aria-haspopup': 'menu',
        'data-menu': wiring['data-action'],
      },
      '⋯',
    ),
    h('div', { role: 'menu', 'aria-label': label, popover: 'auto' }, options),
  );
}

/** An image of a file is served by the playground; one from elsewhere is only named, as nothing is fetched from outside. */
export function renderImage(element: JsonObject, key?: number): ReactNode {
  const file = element.slack_file as { id?: string } | undefined;
  const alt = String(element.alt_text ?? '');
  if (!file?.id) return h('span', { key, className: 'unknown' }, `[image: ${alt}]`);
  const size = { width: element.image_width as number, height: element.image_height as number };
  return h('img', { key, src: fileUrl(file.id), alt, loading: 'lazy', ...size });
}

/** `[title, text, yes, no]`, for the page to ask. */
function toConfirm(confirm: JsonObject): string {
  const words = [confirm.title, confirm.text, confirm.confirm, confirm.deny].map((part) => plainOf(part));
  return JSON.stringify(words);
}
