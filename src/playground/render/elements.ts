import type { JsonObject } from '../emulator/types.ts';
import { renderInput } from './fields.ts';
import { attributes, type Content, type Html, html } from './html.ts';
import { renderMenu } from './menus.ts';
import type { ElementPlace, Wiring } from './place.ts';
import { fileUrl, listOf, plainOf, type Scene } from './scene.ts';
import { renderText } from './text.ts';

/**
 * An element that people act on, as plain HTML. The page's script finds what to send in its attributes: `data-element`
 * (type), `data-action` and `data-block` (ids), and `data-waits` where the form sends it.
 */
export function renderElement(element: JsonObject, place: ElementPlace, scene: Scene): Content {
  const wiring: Wiring = {
    'data-element': String(element.type),
    'data-action': String(element.action_id ?? ''),
    'data-block': place.block,
    'data-waits': place.waits,
    'data-confirm': element.confirm ? toConfirm(element.confirm as JsonObject) : undefined,
  };
  switch (element.type) {
    case 'button':
      return renderButton(element, wiring);
    case 'overflow':
      return renderOverflow(element, wiring);
    case 'image':
      return renderImage(element);
    case 'plain_text':
    case 'mrkdwn':
      return html`<span>${renderText(element, scene)}</span>`;
    default:
      return (
        renderMenu(element, wiring, place, scene) ??
        renderInput(element, wiring, place, scene) ??
        html`<span class="unknown">(${String(element.type)})</span>`
      );
  }
}

function renderButton(element: JsonObject, wiring: Wiring): Html {
  const style = element.style === 'primary' || element.style === 'danger' ? ` ${element.style}` : '';
  const label = element.accessibility_label ? String(element.accessibility_label) : undefined;
  const given = attributes({ ...wiring, 'aria-label': label, class: `button${style}` });
  const url = String(element.url);
  if (URL.canParse(url) && /^https?:/.test(url))
    return html`<a${given} href="${url}" target="_blank" rel="noopener">${plainOf(element.text)}</a>`;
  return html`<button${given} type="button">${plainOf(element.text)}</button>`;
}

/** A button and the menu that it opens: a popover, which nothing around it can cut. */
function renderOverflow(element: JsonObject, wiring: Wiring): Html {
  const options = listOf(element.options).map((option) => {
    const given = attributes({ 'data-value': String(option.value), ...wiring });
    return html`<button type="button" role="menuitem" tabindex="-1"${given}>${plainOf(option.text)}</button>`;
  });
  const opens = attributes({ 'data-menu': wiring['data-action'] });
  return html`
    <span class="overflow">
      <button type="button" class="button" aria-label="More actions" aria-haspopup="menu"${opens}>⋯</button>
      <div role="menu" aria-label="More actions" popover="auto">${options}</div>
    </span>`;
}

/** An image of a file is served by the playground; one from elsewhere is only named, as nothing is fetched from outside. */
export function renderImage(element: JsonObject): Html {
  const file = element.slack_file as { id?: string } | undefined;
  const alt = String(element.alt_text ?? '');
  if (!file?.id) return html`<span class="unknown">[image: ${alt}]</span>`;
  const { image_width: width, image_height: height } = element as { image_width?: number; image_height?: number };
  return html`<img${attributes({ src: fileUrl(file.id), alt, loading: 'lazy', width, height })}>`;
}

/** `[title, text, yes, no]`, for the page to ask. */
function toConfirm(confirm: JsonObject): string {
  return JSON.stringify([confirm.title, confirm.text, confirm.confirm, confirm.deny].map((part) => plainOf(part)));
}
