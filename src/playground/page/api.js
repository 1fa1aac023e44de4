/** Sends JSON and answers the result; throws with the server's own words. */
export async function post(path, body = {}) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!answer.ok) throw new Error(answer.error);
  return answer.result;
}

/** Acts as a person, through the emulator; throws where the app did not answer, as Slack tells of that too. */
export async function control(name, body) {
  const result = await post(`/_control/${name}`, body);
  if (result?.delivery && result.status !== 200) throw new Error('The app did not answer in time. Try again.');
  return result;
}

export async function get(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

let timer;

/** A live region speaks only from within an open dialog, as what is outside is inert. */
function moveToTop(region) {
  const top = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
  if (region.parentElement !== top) top.append(region);
}

/** A short note, also for screen readers. */
export function tell(text) {
  const toast = document.getElementById('toast');
  moveToTop(toast);
  toast.textContent = text;
  toast.classList.add('shown');
  clearTimeout(timer);
  timer = setTimeout(() => toast.classList.remove('shown'), 6000);
}

let waiting = [];

/** For screen readers alone. What comes at nearly the same time is said together, and the same words are said again. */
export function announce(text) {
  const news = document.getElementById('news');
  waiting.push(text);
  if (waiting.length > 1) return;
  moveToTop(news);
  news.textContent = '';
  setTimeout(() => {
    news.textContent = waiting.length > 3 ? `${waiting.length} new messages. ${waiting.at(-1)}` : waiting.join('\n');
    waiting = [];
  }, 150);
}

/** Runs what a person started; what goes wrong is told instead of lost. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    tell(error.message);
    return undefined;
  }
}
