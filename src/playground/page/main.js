import { attempt, control } from './api.js';
import { startComposer } from './composer.js';
import { startControls } from './controls.js';
import { listenToBlocks } from './elements.js';
import { startMenus } from './menus.js';
import { startMessages } from './messages.js';
import { startModal } from './modal.js';
import { startSidebar } from './sidebar.js';
import { go, here, onState, refresh } from './state.js';

function showTheme() {
  document.documentElement.dataset.theme = here.theme;
  document.getElementById('theme').setAttribute('aria-pressed', String(here.theme === 'dark'));
}

document.getElementById('theme').addEventListener('click', () => {
  const theme = here.theme === 'dark' ? 'light' : 'dark';
  localStorage.setItem('theme', theme);
  void go({ theme }).then(showTheme);
});

document.getElementById('user').addEventListener('change', (event) => {
  void go({ user: event.target.value, thread: '' }).then(() => {
    if (here.place === 'home') return attempt(() => control('open-home', { user: here.user }));
  });
});

onState(({ people, user }) => {
  const select = document.getElementById('user');
  const wanted = people.map(({ id }) => id).join();
  if (select.dataset.ids !== wanted) {
    select.dataset.ids = wanted;
    select.replaceChildren(...people.map(({ id, name, role }) => new Option(`${name} (${role})`, id)));
  }
  select.value = user;
});

/** Fetches the state after every change of the workspace; changes within 60 ms share one fetch. */
function listen() {
  const stream = new EventSource('/_control/stream');
  let waiting = false;
  const soon = (_event, afterMs = 60) => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      // Tries again after a failure, because no other change may follow that would update the page.
      refresh().catch(() => soon(undefined, 1000));
    }, afterMs);
  };
  stream.addEventListener('change', soon);
  stream.addEventListener('open', soon);
}

showTheme();
startSidebar();
startMessages();
startModal();
startMenus();
startComposer();
startControls();
listenToBlocks(document.body);
await attempt(refresh);
if (here.place === 'home') void attempt(() => control('open-home', { user: here.user }));
listen();
document.documentElement.dataset.ready = '';
