/** Posts JSON and returns the result. Throws an error with the server's message. */
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

/** Acts as a person, through the emulator. Throws if the app did not answer, because Slack tells people of that too. */
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

/** Moves a live region into the open dialog, if there is one: everything outside is inert, so screen readers would not read it. */
function moveToTop(region) {
  const top = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
  if (region.parentElement !== top) top.append(region);
}

/** Shows a short note for six seconds. Screen readers read it too. */
export function tell(text) {
  const toast = document.getElementById('toast');
  moveToTop(toast);
  toast.textContent = text;
  toast.classList.add('shown');
  clearTimeout(timer);
  timer = setTimeout(() => toast.classList.remove('shown'), 6000);
}

let waiting = [];

/** Tells screen readers something. Texts within 150 ms are read together. A text equal to the last one is read again. */
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

/** Runs an action that a person started. Shows its error as a note and returns undefined. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    tell(error.message);
    return undefined;
  }
}
