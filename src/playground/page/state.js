import { get } from './api.js';

/** The person, place and theme shown. `place` is a channel id or `home`. */
export const here = {
  user: sessionStorage.getItem('user') ?? '',
  place: sessionStorage.getItem('place') ?? 'C01USAGE',
  thread: '',
  theme: localStorage.getItem('theme') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'),
};

/** The newest state from the server. */
export let shown;

const listeners = [];

export function onState(listener) {
  listeners.push(listener);
}

/** Settled while no pointer is down. A button that is drawn again between press and release would miss the click. */
let released = Promise.resolve();

addEventListener('pointerdown', ({ button, target }) => {
  // The browser fires no pointerup for a native menu.
  if (button !== 0 || target.closest('select')) return;
  const { promise, resolve } = Promise.withResolvers();
  released = promise;
  // The click comes after the release.
  for (const end of ['pointerup', 'pointercancel']) addEventListener(end, () => setTimeout(resolve), { once: true });
});

let running = false;
let again = false;

/** Fetches the state and shows it. Calls made meanwhile cause one more fetch. */
export async function refresh() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  try {
    do {
      again = false;
      const wanted = { ...here };
      const query = new URLSearchParams({
        user: wanted.user,
        channel: wanted.place,
        theme: wanted.theme,
        ...(wanted.thread ? { thread: wanted.thread } : {}),
      });
      const next = await get(`/playground/state?${query}`);
      await released;
      if (JSON.stringify(wanted) !== JSON.stringify(here)) {
        again = true;
        continue;
      }
      if (shown && shown.world !== next.world) {
        location.reload();
        return;
      }
      shown = next;
      here.user = next.user;
      if (here.place !== 'home') here.place = next.channel.id;
      for (const listener of listeners) listener(next);
    } while (again);
  } finally {
    running = false;
  }
}

export function go(change) {
  Object.assign(here, change);
  sessionStorage.setItem('user', here.user);
  sessionStorage.setItem('place', here.place);
  return refresh();
}

/** Returns the id of the conversation that messages are sent to. */
export function currentChannel() {
  return shown.channel.id;
}
