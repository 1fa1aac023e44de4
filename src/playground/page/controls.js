import { attempt, post, tell } from './api.js';
import { go, onState } from './state.js';

/** The workspace's time `now`, as of `at` on the page's own clock. The page counts on from there until the next state arrives. */
let clock = { at: 0, now: 0, zone: 'UTC' };

function showClock() {
  const now = clock.now + performance.now() - clock.at;
  const format = {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: clock.zone,
  };
  const text = `${new Intl.DateTimeFormat('en-GB', format).format(now)} ${clock.zone}`;
  const output = document.getElementById('clock');
  if (output.textContent !== text) output.textContent = text;
}

const TOLD = {
  'plus-hour': () => 'Moved ahead one hour.',
  'next-digest': (next) =>
    next ? 'Moved to the next digest.' : 'No channel has a digest yet: try /usage digest add daily 09:00.',
  burst: ({ calls, percent }) =>
    `Acme CRM made ${calls.toLocaleString('en')} calls: CRM API reaches ${percent}% of its daily credits.`,
  reset: () => 'Starting over: this takes a few seconds.',
};

export function startControls() {
  onState(({ now, zone }) => {
    clock = { at: performance.now(), now, zone };
    showClock();
  });
  setInterval(showClock, 1000);
  for (const button of document.querySelectorAll('[data-demo]')) {
    button.addEventListener('click', async () => {
      // Not `disabled`, because that would take the focus away.
      if (button.ariaBusy === 'true') return;
      button.ariaBusy = 'true';
      const name = button.dataset.demo;
      const result = await attempt(async () => ({ value: await post(`/playground/${name}`) }));
      button.ariaBusy = null;
      if (!result) return;
      tell(TOLD[name](result.value));
      // Shows the channel in which the result can be seen.
      if (result.value?.channel) await go({ place: result.value.channel, thread: '' });
    });
  }
}
