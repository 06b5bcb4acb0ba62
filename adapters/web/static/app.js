// The chat page's own script: live messages, the composer, presses, the lightbox. No library, nothing fetched from
// elsewhere. The server renders every message; the script only puts it in its place.

const body = document.body;
const find = (id) => document.getElementById(id);
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const JSON_ONLY = { Accept: "application/json" };
const PICTURES_LIMIT = 5;
const PICTURE_BYTES = 20 * 1000 * 1000;
const TRIES = 4;
// Its own tries take the page some ten seconds, and a restart of the program perhaps a minute, so whoever has been told
// to try again does so within two. The same, later, is meant to happen once more.
const KEY_LIFE = 2 * 60 * 1000;

// Small things that everything uses

function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What outlives a reload. Where the browser has no room for it or allows none, it is kept until then.
const memory = new Map();

function recall(name) {
  try {
    return memory.get(name) ?? sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

function keep(name, value) {
  forget(name);
  try {
    sessionStorage.setItem(name, value);
  } catch {
    memory.set(name, value);
  }
}

function forget(name) {
  memory.delete(name);
  try {
    sessionStorage.removeItem(name);
  } catch {
    // Nothing is kept there.
  }
}

// Tells contents apart without keeping them: cyrb53, as the browser's own digests are only there over HTTPS.
function digestOf(content) {
  let [one, other] = [0xdeadbeef, 0x41c6ce57];
  for (let place = 0; place < content.length; place += 1) {
    const unit = content.charCodeAt(place);
    one = Math.imul(one ^ unit, 2654435761);
    other = Math.imul(other ^ unit, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(other ^ (other >>> 13), 3266489909);
  other = Math.imul(other ^ (other >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return `${content.length} ${4294967296 * (2097151 & other) + (one >>> 0)}`;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  prepare(template.content);
  return template.content;
}

function prepare(root) {
  for (const time of root.querySelectorAll("time[datetime]")) localise(time);
  for (const button of root.querySelectorAll('[data-action="cancel"]')) {
    button.hidden = button.closest("[data-member]")?.dataset.member !== body.dataset.member;
  }
}

function localise(time) {
  const moment = new Date(time.dateTime);
  if (Number.isNaN(moment.valueOf())) return;
  const hour = moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const apart = body.dataset.page === "jobs" && moment.toDateString() !== new Date().toDateString();
  time.textContent = apart ? `${moment.toLocaleDateString([], { day: "numeric", month: "short" })}, ${hour}` : hour;
  time.title = moment.toLocaleString([], { dateStyle: "full", timeStyle: "short" });
}

let announcing = 0;
function announce(sentence) {
  // What lies outside an open dialog is not read out.
  const region = find(find("lightbox")?.open ? "lightbox-announcer" : "announcer");
  if (!region) return;
  clearTimeout(announcing);
  announcing = setTimeout(() => { region.textContent = sentence; }, 60);
}

// What is not known to have been done is sent again under the same key: by itself, and when a person soon sends the same
// once more, also after the page was loaded again. The key is kept before it is used. So nothing happens twice.
async function post(address, form, advice = "Please try again in a moment.") {
  const place = `unanswered ${address}`;
  const sent = sentBefore(place, form);
  keepSent(place, sent);
  form.set("key", sent.key);
  for (let attempt = 1; ; attempt += 1) {
    const answer = await answerOf(address, form, advice);
    if (answer.settled) forget(place);
    else keepSent(place, sent);
    if (!answer.again || attempt === TRIES) return answer;
    await wait(Math.max(answer.patience, 300 * 2 ** attempt));
  }
}

function sentBefore(place, form) {
  const part = (value) => (value instanceof File ? [value.name, value.size, value.lastModified] : value);
  const content = digestOf(JSON.stringify([...form].map(([name, value]) => [name, part(value)])));
  const kept = JSON.parse(recall(place));
  const same = kept?.content === content && Date.now() - kept.time < KEY_LIFE;
  return { content, key: same ? kept.key : newKey() };
}

// The time is that of the last try, as an answer can be long in not coming.
function keepSent(place, sent) {
  keep(place, JSON.stringify({ ...sent, time: Date.now() }));
}

// Only the program's own word settles what was sent, and not one of a fault of its own or of having no room: it says
// that before it looks at the key, and an attempt before may have been carried out. What is refused before it gets to
// the program is not tried again by itself.
async function answerOf(address, form, advice) {
  const answer = { ok: false, settled: false, again: true, patience: 0, notices: [], goto: null };
  let response = null;
  let text = "";
  try {
    response = await fetch(address, { method: "POST", body: form, headers: JSON_ONLY });
    text = await response.text();
  } catch {
    return { ...answer, notices: [privateNotice("The studio cannot be reached", advice)] };
  }
  if (response.status === 401) location.reload();
  const own = ownWords(text);
  const settled = response.status < 500 && response.status !== 429;
  if (own) return { ...answer, ...own, ok: response.ok, settled, again: false };
  const again = response.status < 400 || response.status >= 500;
  const patience = Math.min(1000 * (Number(response.headers.get("Retry-After")) || 0), 10000);
  return { ...answer, again, patience, notices: [privateNotice("That did not work", plainSentence(response, text))] };
}

function ownWords(text) {
  try {
    const words = JSON.parse(text);
    return ["notices", "goto", "welcome"].some((name) => name in words) ? words : null;
  } catch {
    return null;
  }
}

// The program says in plain words that it is still starting, or that something is too large.
function plainSentence(response, text) {
  const plain = response.headers.get("Content-Type")?.startsWith("text/plain") && /^[A-Z].{10,300}\.$/.test(text);
  return plain ? text : "Something went wrong here. Please try again in a moment.";
}

function privateNotice(title, sentence) {
  const notice = make("div", { class: "notice error", role: "alert" });
  const only = make("p", { class: "only-you" }, icon("eye"), "Only you can see this");
  const dismiss = make("button", { type: "button", class: "round small", "data-dismiss": "", "aria-label": "Dismiss" }, icon("close"));
  notice.append(only, make("p", {}, make("strong", {}, `${title}.`), ` ${sentence}`), dismiss);
  return notice;
}

function showNotices(notices) {
  const place = find("notices");
  for (const notice of notices) place.append(typeof notice === "string" ? parse(notice) : notice);
  while (place.children.length > 3) place.firstElementChild.remove();
  const last = place.lastElementChild;
  if (last) place.scrollTop = last.offsetTop - place.offsetTop;
}

// Bring an element up to what the server rendered, keeping what has not changed: focus, scroll, loaded pictures.
function morph(from, to) {
  if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName) {
    from.replaceWith(to);
    return;
  }
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  if (from.nodeName === "IMG") return morphPicture(from, to);
  morphAttributes(from, to);
  if (from.nodeName === "SELECT" && from.contains(document.activeElement)) return;
  morphChildren(from, to);
}

function morphAttributes(from, to) {
  const kept = from.dataset.busy === undefined ? [] : ["class", "disabled", "data-busy"];
  if (from.dataset.unfolded !== undefined) kept.push("class", "data-unfolded", "hidden");
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !kept.includes(name)) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (!kept.includes(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
}

function morphChildren(from, to) {
  const named = new Map([...from.children].filter((child) => child.id).map((child) => [child.id, child]));
  let place = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const known = wanted.id ? named.get(wanted.id) : null;
    if (known && known !== place) from.insertBefore(known, place);
    else if (!known && (!place || !alike(place, wanted))) {
      const later = wanted.nodeType === Node.ELEMENT_NODE ? nextAlike(place, wanted) : null;
      if (!later) {
        from.insertBefore(wanted, place);
        continue;
      }
      while (place !== later) {
        const gone = place;
        place = place.nextSibling;
        gone.remove();
      }
    }
    const current = known ?? place;
    place = current.nextSibling;
    morph(current, wanted);
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

function alike(one, other) {
  if (one.nodeType !== other.nodeType || one.nodeName !== other.nodeName) return false;
  if (one.nodeType !== Node.ELEMENT_NODE || one.nodeName === "IMG") return true;
  return one.id === other.id && one.classList.item(0) === other.classList.item(0);
}

function nextAlike(place, wanted) {
  for (let node = place; node; node = node.nextSibling) if (alike(node, wanted)) return node;
  return null;
}

// The old picture stays until the new one can be shown.
function morphPicture(from, to) {
  if (from.getAttribute("alt") !== to.getAttribute("alt")) from.alt = to.alt;
  const address = to.getAttribute("src");
  if (from.getAttribute("src") === address && !from.dataset.next) {
    if (from.className !== to.className) from.className = to.className;
    return;
  }
  if (from.dataset.next === address) return;
  from.dataset.next = address;
  const loading = new Image();
  for (const name of ["sizes", "srcset", "src"]) if (to.hasAttribute(name)) loading.setAttribute(name, to.getAttribute(name));
  const settle = () => {
    if (from.dataset.next !== address) return;
    delete from.dataset.next;
    for (const name of ["sizes", "srcset", "src", "width", "height", "class"]) from.setAttribute(name, to.getAttribute(name) ?? "");
  };
  loading.decode().then(settle, settle);
}

// The side bar, a drawer on narrow screens, and new channels

function sideBar() {
  const open = find("drawer-open");
  const main = find("main");
  if (!open) return;
  const set = (shown) => {
    if (body.classList.contains("drawer") === shown) return;
    body.classList.toggle("drawer", shown);
    open.setAttribute("aria-expanded", String(shown));
    main.inert = shown;
    if (shown) find("drawer-close").focus();
    else open.focus();
  };
  open.addEventListener("click", () => set(true));
  find("drawer-close").addEventListener("click", () => set(false));
  find("scrim").addEventListener("click", () => set(false));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") set(false); });
  matchMedia("(min-width: 761px)").addEventListener("change", () => set(false));
  find("channel-new").addEventListener("click", () => { find("channel-problem").textContent = ""; find("channel-dialog").showModal(); });
  find("channel-form").addEventListener("submit", makeChannel);
}

async function makeChannel(event) {
  event.preventDefault();
  const answer = await post("/channels", new FormData(event.target));
  if (answer.goto) location.href = answer.goto;
  else find("channel-problem").textContent = sentenceOf(answer.notices[0]);
}

function sentenceOf(notice) {
  const element = typeof notice === "string" ? parse(notice).firstElementChild : notice;
  return element?.querySelector("p:not(.only-you)")?.textContent.trim() ?? "That did not work.";
}

// One channel

function conversation() {
  const channel = encodeURIComponent(body.dataset.channel);
  const address = `/c/${channel}`;
  const list = find("messages");
  const scroll = find("scroll");
  const older = find("older");
  const newer = find("newer");
  const latest = find("latest");
  const title = document.title;
  let head = Number(body.dataset.head);
  let newest = head; // the highest id that has been heard of
  let pinned = true;
  let unseen = 0;
  let loading = false;

  const messages = () => [...list.querySelectorAll(":scope > .message")];
  const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 90;
  const toEnd = () => { if (find("hello").hidden) scroll.scrollTop = scroll.scrollHeight; };

  function decorate() {
    for (const day of list.querySelectorAll(":scope > .day")) day.remove();
    let before = null;
    for (const message of messages()) {
      const time = new Date(message.querySelector("time").dateTime);
      const newDay = !before || before.time.toDateString() !== time.toDateString();
      if (newDay) message.before(make("li", { class: "day" }, dayName(time)));
      const joined = !newDay && message.dataset.kind === "text" && before.message.dataset.kind === "text"
        && before.message.dataset.member === message.dataset.member && time - before.time < 300000;
      message.classList.toggle("joined", joined);
      before = { message, time };
    }
    find("hello").hidden = before !== null;
    latest.hidden = newer.hidden && (pinned || atEnd());
  }

  function dayName(time) {
    const today = new Date();
    const yesterday = new Date(today.getTime() - 86400000);
    if (time.toDateString() === today.toDateString()) return "Today";
    if (time.toDateString() === yesterday.toDateString()) return "Yesterday";
    const year = time.getFullYear() === today.getFullYear() ? undefined : "numeric";
    return time.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long", year });
  }

  // What arrives

  function receive({ id, html }) {
    const known = find(`m-${id}`);
    const fresh = parse(html).firstElementChild;
    if (known) {
      const ended = known.dataset.status !== fresh.dataset.status && fresh.dataset.status;
      const focused = known.contains(document.activeElement) && document.activeElement;
      morph(known, fresh);
      if (focused && !focused.isConnected) known.focus({ preventScroll: true });
      if (ended && ["completed", "failed", "cancelled"].includes(ended)) tell(known, stateOf(known));
      decorate();
      return;
    }
    // Changes come in the order of their latest, so a post that was edited since may come after one made later.
    const next = messages().find((each) => Number(each.dataset.id) > id);
    const here = newer.hidden && (older.hidden || next !== messages()[0]);
    const edited = id <= newest;
    newest = Math.max(newest, id);
    if (!here && edited) return;
    if (here) {
      fresh.classList.add("arriving");
      list.insertBefore(fresh, next ?? null);
      decorate();
      if (pinned) toEnd();
    }
    tell(fresh, fresh.dataset.kind === "text" ? fresh.querySelector(".said").textContent : fresh.dataset.title);
    if (document.hidden) {
      unseen += 1;
      document.title = `(${unseen}) ${title}`;
    }
    latest.hidden = newer.hidden && pinned;
  }

  const stateOf = (message) => `${message.dataset.title}: ${message.querySelector(".state-text")?.textContent ?? ""}`;
  const tell = (message, words) => announce(`${message.dataset.author}: ${words.slice(0, 200)}`);

  // The stream, which takes up where it left off

  let source = null;
  let slow = 0;
  let patience = 1000;

  function connect() {
    source?.close();
    source = new EventSource(`${address}/events?after=${head}&version=${body.dataset.version}`);
    const take = (event) => {
      head = Math.max(head, Number(event.lastEventId) || 0);
      return JSON.parse(event.data);
    };
    source.onopen = () => {
      clearTimeout(slow);
      patience = 1000;
      find("link-state").textContent = "";
    };
    source.addEventListener("message", (event) => receive(take(event)));
    source.addEventListener("elsewhere", (event) => markNews(take(event).channel));
    source.addEventListener("passed", take);
    source.addEventListener("reset", () => location.reload());
    source.onerror = () => {
      clearTimeout(slow);
      slow = setTimeout(() => { find("link-state").textContent = "Reconnecting…"; }, 900);
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(reconnect, patience);
        patience = Math.min(patience * 2, 15000);
      }
    };
  }

  async function reconnect() {
    const probe = await fetch(`${address}/messages?after=${head}`, { headers: JSON_ONLY }).catch(() => null);
    if (probe?.status === 401) location.reload();
    else if (!document.hidden || !away) connect();
  }

  // A browser opens only a few connections to one server. Pages out of sight share four of them.
  let away = false;
  let release = null;
  document.addEventListener("visibilitychange", async () => {
    if (!document.hidden) {
      release?.();
      release = null;
      unseen = 0;
      document.title = title;
      if (away) connect();
      away = false;
      return;
    }
    if (!navigator.locks) return;
    for (const slot of [1, 2, 3, 4]) {
      const taken = await new Promise((settle) => {
        navigator.locks.request(`imaginebot-stream-${slot}`, { ifAvailable: true }, (lock) => {
          settle(lock !== null);
          return lock && new Promise((free) => { release = free; });
        });
      });
      if (taken) return;
    }
    away = document.hidden;
    if (away) source.close();
  });

  function markNews(name) {
    const links = [...find("channels").querySelectorAll("a")];
    let link = links.find((each) => each.dataset.channel === name);
    if (!link) {
      link = make("a", { href: `/c/${encodeURIComponent(name)}`, "data-channel": name }, icon("hash"), make("span", {}, name));
      find("channels").append(make("li", {}, link));
    }
    if (link.classList.contains("news")) return;
    link.classList.add("news");
    link.append(make("span", { class: "unseen" }, " (new messages)"));
  }

  // Older and newer ones, and the way to one message

  async function load(query) {
    const response = await fetch(`${address}/messages?${query}`, { headers: JSON_ONLY });
    if (response.status === 401) location.reload();
    if (!response.ok) throw new Error("not loaded");
    return response.json();
  }

  // The stream passed over what was not on the page. What has changed since the page was read comes once more.
  function catchUp(page) {
    if (page.head >= head) return;
    head = page.head;
    if (!away) connect();
  }

  async function extend(button, query, end) {
    if (loading || button.hidden) return;
    loading = true;
    button.disabled = true;
    try {
      const page = await load(query());
      const anchor = messages().at(end === "start" ? 0 : -1);
      const top = anchor?.getBoundingClientRect().top ?? 0;
      const content = parse(page.html);
      for (const message of [...content.children]) if (find(message.id)) message.remove();
      if (end === "start") list.prepend(content);
      else list.append(content);
      button.hidden = end === "start" ? !page.older : !page.newer;
      decorate();
      catchUp(page);
      if (anchor) scroll.scrollTop += anchor.getBoundingClientRect().top - top;
    } catch {
      announce("The messages could not be loaded. Please try again.");
    }
    loading = false;
    button.disabled = false;
  }

  const showOlder = () => extend(older, () => `before=${messages()[0]?.dataset.id ?? ""}`, "start");
  const showNewer = () => extend(newer, () => `after=${messages().at(-1)?.dataset.id ?? ""}`, "end");

  async function replaceAll(query) {
    const page = await load(query);
    list.replaceChildren(parse(page.html));
    older.hidden = !page.older;
    newer.hidden = !page.newer;
    decorate();
    catchUp(page);
  }

  async function toLatest() {
    if (!newer.hidden) {
      await replaceAll("");
      history.replaceState(null, "", address);
    }
    pinned = true;
    toEnd();
    latest.hidden = true;
  }

  async function jump(number, { push = true } = {}) {
    if (!find(`m-${number}`)) await replaceAll(`around=${number}`).catch(() => {});
    const message = find(`m-${number}`);
    if (!message) return false;
    if (push) {
      remember();
      history.pushState(null, "", `#m-${number}`);
    }
    pinned = false;
    message.scrollIntoView({ block: "center" });
    message.focus({ preventScroll: true });
    message.classList.remove("flash");
    void message.offsetWidth;
    message.classList.add("flash");
    setTimeout(() => message.classList.remove("flash"), 2200);
    latest.hidden = newer.hidden && atEnd();
    return true;
  }

  // Each entry of the browser's history knows the place that one had scrolled to; none is the end.

  let remembering = 0;

  function remember() {
    clearTimeout(remembering);
    const edge = scroll.getBoundingClientRect().top;
    const message = pinned ? null : messages().find((each) => each.getBoundingClientRect().bottom > edge);
    const place = message ? { number: message.dataset.id, below: message.getBoundingClientRect().top - edge } : null;
    history.replaceState(place, "");
  }

  async function goBackTo({ number, below }) {
    if (!find(`m-${number}`)) await replaceAll(`around=${number}`).catch(() => {});
    const message = find(`m-${number}`);
    if (!message) return;
    const put = () => { scroll.scrollTop += message.getBoundingClientRect().top - scroll.getBoundingClientRect().top - below; };
    pinned = false;
    put();
    if (!newer.hidden && atEnd()) { // what is below it does not fill the screen
      await showNewer();
      put();
    }
    latest.hidden = newer.hidden && atEnd();
  }

  addEventListener("popstate", async ({ state }) => {
    clearTimeout(remembering);
    if (state) await goBackTo(state);
    else if (!location.hash) await toLatest();
  });

  const named = () => /^#m-(\d+)$/.exec(location.hash)?.[1];

  older.addEventListener("click", showOlder);
  newer.addEventListener("click", showNewer);
  latest.addEventListener("click", toLatest);
  addEventListener("hashchange", () => { if (named() && !history.state) jump(named(), { push: false }); });
  scroll.addEventListener("scroll", () => {
    pinned = newer.hidden && atEnd();
    if (pinned) latest.hidden = true;
    else latest.hidden = newer.hidden && scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 600;
    if (scroll.scrollTop < 300) showOlder();
    clearTimeout(remembering);
    remembering = setTimeout(remember, 150);
  }, { passive: true });
  new ResizeObserver(() => { if (pinned) toEnd(); }).observe(scroll);
  new ResizeObserver(() => { if (pinned) toEnd(); }).observe(list);

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-jump]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (find(`m-${link.dataset.jump}`)) {
      event.preventDefault();
      jump(link.dataset.jump);
    }
  });

  async function follow(goto) {
    const job = /^\/j\/([\w-]+)$/.exec(goto)?.[1];
    const message = job && messages().find((each) => each.dataset.job === job);
    if (!message) {
      location.href = goto;
      return;
    }
    find("lightbox").close();
    announce(`That is already here: ${stateOf(message)}`);
    await jump(message.dataset.id);
  }

  prepare(document);
  decorate();
  // A link to the page that is shown already keeps the entry, but leads to the end.
  const returned = performance.getEntriesByType("navigation")[0]?.type !== "navigate";
  if (returned && history.state) goBackTo(history.state);
  else if (named()) jump(named(), { push: false });
  else toEnd();
  connect();
  return { address, follow, toLatest };
}

// Presses

function presses({ address, follow }) {
  const remix = find("remix");
  const prompt = find("remix-prompt");
  const problem = find("remix-problem");
  let asked = null;

  // Gives whether it was done. ``complain`` gets the private notices of a refusal.
  async function press(button, edited, complain = showNotices) {
    if (button.dataset.busy !== undefined) return false;
    const form = new FormData();
    if (edited !== undefined) form.set("prompt", edited);
    button.dataset.busy = "";
    button.disabled = true;
    button.classList.add("busy");
    const answer = await post(`${address}/buttons/${encodeURIComponent(button.dataset.press)}`, form);
    const unfocused = document.activeElement === document.body;
    delete button.dataset.busy;
    button.disabled = false;
    button.classList.remove("busy");
    if (unfocused && button.isConnected) button.focus({ preventScroll: true });
    if (!answer.ok) find("lightbox").close();
    if (answer.notices.length) complain(answer.notices);
    if (answer.goto) await follow(answer.goto);
    else if (answer.ok) announce(`${button.title.split(". Pressed")[0]}: asked for`);
    return answer.ok;
  }

  function ask(button) {
    asked = { button, prompt: button.closest("[data-prompt]").dataset.prompt };
    find("remix-title").textContent = button.title.split(". Pressed")[0];
    prompt.value = asked.prompt;
    problem.textContent = "";
    remix.showModal();
    prompt.focus();
    prompt.setSelectionRange(prompt.value.length, prompt.value.length);
  }

  function start(button) {
    if (button.dataset.action === "vary") ask(button);
    else press(button);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-press]");
    if (button) start(button);
  });
  prompt.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      find("remix-form").requestSubmit();
    }
  });
  // The dialog stays until its prompt has been taken, so that nothing typed is lost.
  find("remix-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { button, prompt: before } = asked;
    const complain = (notices) => { problem.textContent = notices.map(sentenceOf).join(" "); };
    problem.textContent = "";
    find("remix-send").disabled = true;
    if (await press(button, prompt.value === before ? undefined : prompt.value, complain)) remix.close();
    find("remix-send").disabled = false;
  });
  return { start };
}

// The lightbox

function lightbox({ start }) {
  const dialog = find("lightbox");
  const picture = find("lightbox-picture");
  const strip = find("lightbox-strip");
  const tools = find("lightbox-tools");
  const likeness = new MutationObserver(() => {
    for (const button of tools.children) {
      const original = find(button.dataset.for);
      if (original) liken(button, original);
    }
  });
  let pictures = [];
  let place = 0;

  function show(index) {
    place = (index + pictures.length) % pictures.length;
    const shown = pictures[place];
    picture.src = shown.small;
    picture.alt = shown.alt;
    loaded(); // a browser goes on showing the picture before until this one is there
    const whole = new Image();
    whole.src = shown.src;
    whole.decode().then(() => { if (pictures[place] === shown) picture.src = shown.src; }, () => {});
    find("lightbox-title").textContent = shown.title;
    find("lightbox-download").href = shown.src;
    find("lightbox-download").download = shown.name;
    likeness.disconnect();
    tools.replaceChildren(...shown.buttons.map(tool).filter(Boolean));
    [...strip.querySelectorAll("button")].forEach((button, each) => {
      if (each === place) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
  }

  const loaded = () => picture.parentElement.classList.toggle("loading", !picture.complete);

  // A tool stands for a button under the post and looks as that one does.
  function tool(id) {
    const original = find(`b-${id}`);
    if (!original) return null;
    const label = original.textContent.trim();
    const button = make("button", { type: "button", "data-for": original.id, "aria-label": label }, make("span", {}, label));
    button.addEventListener("click", (event) => {
      if (event.detail > 1) return; // the second half of a double-click
      if (original.dataset.action === "vary") dialog.close();
      start(original);
    });
    likeness.observe(original, { attributes: true });
    liken(button, original);
    return button;
  }

  function liken(button, original) {
    button.className = "button glass";
    for (const name of ["busy", "pressed"]) button.classList.toggle(name, original.classList.contains(name));
    button.setAttribute("aria-disabled", String(original.disabled));
    button.title = original.title;
  }

  function open(link) {
    pictures = JSON.parse(link.closest("[data-gallery]").dataset.gallery);
    if (!pictures.length) return false;
    const alone = pictures.length === 1;
    find("lightbox-left").hidden = find("lightbox-right").hidden = strip.hidden = alone;
    strip.replaceChildren(...pictures.map((each, index) => {
      const button = make("button", { type: "button", "aria-label": each.title }, make("img", { src: each.small, alt: "" }));
      button.addEventListener("click", () => show(index));
      return make("li", {}, button);
    }));
    show(0);
    dialog.showModal();
    dialog.querySelector("header [data-close]").focus();
    return true;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-open]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && open(link)) event.preventDefault();
  });
  find("lightbox-left").addEventListener("click", () => show(place - 1));
  find("lightbox-right").addEventListener("click", () => show(place + 1));
  picture.addEventListener("click", () => dialog.close());
  for (const outcome of ["load", "error"]) picture.addEventListener(outcome, loaded);
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") show(place - 1);
    if (event.key === "ArrowRight") show(place + 1);
  });
  let touch = 0;
  dialog.addEventListener("touchstart", (event) => { touch = event.touches[0].clientX; }, { passive: true });
  dialog.addEventListener("touchend", (event) => {
    const way = event.changedTouches[0].clientX - touch;
    if (Math.abs(way) > 60 && pictures.length > 1) show(place + (way < 0 ? 1 : -1));
  });
}

// The composer

function composer({ address, follow, toLatest }) {
  const form = find("composer");
  const text = find("text");
  const send = find("send");
  const draft = `draft ${address}`;
  const attachments = pictureTray(text, () => advice.ask());
  const advice = suggestions(text, grow, () => attachments.files().length);
  const past = pastPrompts(text, grow);
  let sending = false;

  function grow() {
    text.style.height = "auto";
    text.style.height = `${Math.max(38, text.scrollHeight)}px`;
    keep(draft, text.value);
  }

  function fill(words) {
    text.value = words;
    text.focus();
    text.setSelectionRange(words.length, words.length);
    grow();
    advice.ask();
  }

  async function submit() {
    const words = text.value;
    const pictures = attachments.files();
    if (sending || (!words.trim() && !pictures.length)) return;
    sending = true;
    advice.close();
    const content = new FormData();
    content.set("text", words);
    for (const picture of pictures) content.append("pictures", picture, picture.name || "picture");
    text.readOnly = true;
    send.disabled = true;
    send.classList.add("busy");
    const answer = await post(form.action, content, "What you typed is still here. Press Enter to try again.");
    text.readOnly = false;
    send.disabled = false;
    send.classList.remove("busy");
    sending = false;
    await settle(answer, words, pictures);
    text.focus();
  }

  async function settle(answer, words, pictures) {
    find("notices").replaceChildren();
    if (answer.ok) {
      past.add(words);
      text.value = "";
      attachments.remove(pictures);
      advice.clear();
      grow();
    }
    showNotices(answer.notices);
    if (answer.goto) await follow(answer.goto);
    else if (answer.ok) await toLatest();
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  text.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (advice.key(event) || past.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    }
  });
  text.addEventListener("input", () => { grow(); past.leave(); advice.ask(); });
  document.addEventListener("click", (event) => {
    const filler = event.target.closest("[data-fill]");
    if (filler) fill(filler.dataset.fill);
    const dismiss = event.target.closest("[data-dismiss]");
    if (dismiss) {
      dismiss.closest(".notice").remove();
      text.focus();
    }
  });
  // Typing anywhere on the page begins a message, as in other chats.
  document.addEventListener("keydown", (event) => {
    const free = !event.target.closest("input, textarea, select, dialog[open], button, a");
    if (event.key === "/" && free && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      if (!text.value) fill("/");
      else text.focus();
    }
  });
  const kept = recall(draft);
  if (kept && !text.value) text.value = kept;
  grow();
  if (matchMedia("(pointer: fine)").matches && !location.hash) text.focus();
}

// Pictures beside the text: by button, drop or paste

function pictureTray(text, changed) {
  const tray = find("attachments");
  const input = find("files");
  const drop = find("drop");
  let held = [];
  let depth = 0;

  function add(files) {
    for (const file of files) {
      if (!file.type.startsWith("image/")) refuse(`${file.name} is not a picture. Please choose a PNG, JPEG, WebP or GIF.`);
      else if (file.size > PICTURE_BYTES) refuse(`${file.name} is larger than 20 MB. Please choose a smaller one.`);
      else if (held.length >= PICTURES_LIMIT) {
        refuse(`At most ${PICTURES_LIMIT} pictures go at a time. Remove one to attach another.`);
        break;
      } else held.push({ file, address: URL.createObjectURL(file) });
    }
    draw();
  }

  const refuse = (sentence) => showNotices([privateNotice("That picture cannot be used", sentence)]);

  function draw() {
    tray.hidden = held.length === 0;
    tray.replaceChildren(...held.map((each, index) => {
      const name = each.file.name || `picture ${index + 1}`;
      const remove = make("button", { type: "button", class: "round", "aria-label": `Remove ${name}`, title: `Remove ${name}` }, icon("close"));
      remove.addEventListener("click", () => {
        URL.revokeObjectURL(each.address);
        held = held.filter((other) => other !== each);
        draw();
        (tray.querySelector("button") ?? text).focus();
      });
      const picture = make("img", { src: each.address, alt: name });
      picture.addEventListener("error", () => {
        if (!held.includes(each)) return;
        refuse(`${name} cannot be read. Please choose a PNG, JPEG, WebP or GIF.`);
        remove.click();
      });
      return make("li", {}, picture, remove);
    }));
    changed();
  }

  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  find("attach").addEventListener("click", () => input.click());
  input.addEventListener("change", () => { add(input.files); input.value = ""; text.focus(); });
  addEventListener("dragenter", (event) => { if (carriesFiles(event)) { depth += 1; drop.hidden = false; } });
  addEventListener("dragleave", (event) => { if (carriesFiles(event) && (depth -= 1) <= 0) { depth = 0; drop.hidden = true; } });
  addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    drop.hidden = true;
    add(event.dataTransfer.files);
    text.focus();
  });
  // Some programs copy words together with a picture of them, some systems a file together with its name.
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || event.target.closest("dialog")) return;
    const words = event.clipboardData.getData("text/plain").trim();
    const names = files.map((file) => file.name);
    if (words && !words.split(/[\r\n]+/).every((line) => names.includes(line.split("/").at(-1)))) return;
    event.preventDefault();
    add(files);
  });
  return {
    files: () => held.map((each) => each.file),
    // Only what was sent: pictures that were attached while it was on its way are for the next message.
    remove: (sent) => {
      for (const each of held) if (sent.includes(each.file)) URL.revokeObjectURL(each.address);
      held = held.filter((each) => !sent.includes(each.file));
      draw();
    },
  };
}

// Suggestions and the grammar's remarks while one types. Positions count characters, as people do; JavaScript counts
// UTF-16 units, so they are converted on the way.

function suggestions(text, changed, attached) {
  const box = find("suggest");
  const list = find("completions");
  const remarks = find("issues");
  let options = [];
  let active = -1;
  let timer = 0;
  let later = 0;
  let round = 0;

  const count = (words) => [...words].length;
  const unit = (position) => [...text.value].slice(0, position).join("").length;
  const isOpen = () => !box.hidden;

  function ask() {
    clearTimeout(timer);
    clearTimeout(later);
    round += 1;
    if (!text.value.startsWith("/")) return clear();
    timer = setTimeout(fetchAdvice, 70);
  }

  async function fetchAdvice() {
    const mine = round;
    const content = new FormData();
    content.set("text", text.value);
    content.set("cursor", String(count(text.value.slice(0, text.selectionStart))));
    content.set("attached", String(attached()));
    let advice = null;
    try {
      advice = await (await fetch("/advice", { method: "POST", body: content, headers: JSON_ONLY })).json();
    } catch {
      return;
    }
    if (mine !== round || !advice.completions) return;
    draw(advice.completions);
    const finished = finishedUpTo();
    later = setTimeout(() => drawRemarks(advice.issues.filter((each) => each.end <= finished)), 260);
  }

  // A word that is still being completed is not complained about, nor a parameter whose value is being chosen.
  function finishedUpTo() {
    if (!isOpen()) return Infinity;
    const start = Math.min(...options.map((each) => each.start));
    if (/^[-/]/.test(options[0].label)) return start;
    return count(text.value.slice(0, unit(start)).trimEnd()) - 1;
  }

  function draw(completions) {
    // What has nothing to insert says what may be typed, and is only read.
    options = completions.filter((each) => each.insert === "" || text.value.slice(unit(each.start), unit(each.end)) !== each.insert);
    list.replaceChildren(...options.map((each, index) => {
      const said = each.insert === "" ? `such as ${each.label}` : each.label;
      const option = make("li", { role: "option", id: `option-${index}`, "aria-selected": "false" }, make("code", {}, said), make("span", {}, each.hint));
      option.addEventListener("pointerdown", (event) => { event.preventDefault(); take(index); });
      return option;
    }));
    box.hidden = options.length === 0 || document.activeElement !== text;
    // Half a command is completed by Enter; a whole one, and a parameter, only where an option was chosen.
    const naming = !/\s/.test(text.value) && !options.some((each) => each.label === text.value);
    select(naming && options.length ? 0 : -1);
    if (isOpen()) announce(`${options.length} suggestion${options.length === 1 ? "" : "s"}`);
  }

  function select(index) {
    active = index;
    [...list.children].forEach((option, each) => option.setAttribute("aria-selected", String(each === index)));
    if (index < 0) text.removeAttribute("aria-activedescendant");
    else {
      text.setAttribute("aria-activedescendant", `option-${index}`);
      list.children[index].scrollIntoView({ block: "nearest" });
    }
  }

  function take(index) {
    const { start, end, insert } = options[index];
    close();
    if (insert !== "") replace(start, end, insert);
  }

  function replace(start, end, insert) {
    text.focus();
    text.setSelectionRange(unit(start), unit(end));
    if (!document.execCommand("insertText", false, insert)) {
      text.setRangeText(insert, unit(start), unit(end), "end");
      changed();
      ask();
    }
  }

  function drawRemarks(issues) {
    remarks.replaceChildren(...issues.slice(0, 4).map((issue) => {
      const remark = make("li", { class: issue.level }, icon("alert"), make("span", {}, issue.message));
      if (issue.replacement !== null) {
        const fix = make("button", { type: "button", class: "button fix", "aria-label": `Fix: ${issue.message}` }, "Fix");
        fix.addEventListener("click", () => replace(issue.start, issue.end, issue.replacement));
        remark.append(fix);
      }
      return remark;
    }));
  }

  function close() {
    box.hidden = true;
    options = [];
    select(-1);
  }

  function clear() {
    clearTimeout(later);
    round += 1;
    close();
    remarks.replaceChildren();
  }

  function key(event) {
    if (event.key === "Escape") {
      // Nothing is suggested again before the next letter.
      clearTimeout(timer);
      round += 1;
    }
    if (!isOpen()) return false;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) select(active < 0 && event.key === "ArrowUp" ? options.length - 1 : (active + moves[event.key] + options.length) % options.length);
    else if (event.key === "Escape") close();
    else if (event.key === "Tab" && !event.shiftKey) take(Math.max(active, 0));
    else if (event.key === "Enter" && !event.shiftKey && active >= 0) take(active);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  text.addEventListener("blur", close);
  text.addEventListener("click", ask);
  return { ask, key, close, clear };
}

// Earlier prompts by arrow up, as in a shell

function pastPrompts(text, changed) {
  let entries = null;
  let typed = [];
  let place = -1;
  let before = "";

  async function all() {
    if (entries === null) {
      const response = await fetch("/history", { headers: JSON_ONLY }).catch(() => null);
      if (response?.ok) entries = await response.json();
    }
    return [...new Set([...typed, ...(entries ?? [])])];
  }

  async function step(by) {
    const list = await all();
    if (!list.length) return;
    if (place < 0) before = text.value;
    place = Math.min(Math.max(place + by, -1), list.length - 1);
    text.value = place < 0 ? before : list[place];
    text.setSelectionRange(text.value.length, text.value.length);
    changed();
  }

  function key(event) {
    const browsing = place >= 0;
    if (event.key === "ArrowUp" && (browsing || text.value === "")) step(1);
    else if (event.key === "ArrowDown" && browsing) step(-1);
    else if (event.key === "Escape" && browsing) step(-place - 1);
    else return false;
    event.preventDefault();
    return true;
  }

  return { key, leave: () => { place = -1; }, add: (words) => { typed = [words, ...typed.filter((each) => each !== words)].slice(0, 100); place = -1; } };
}

// The list of jobs keeps itself up to date

function jobsPage() {
  const refresh = async () => {
    const live = document.querySelector('[data-live="yes"]') !== null;
    await wait(live ? 1500 : 8000);
    if (!document.hidden) {
      try {
        const response = await fetch(location.href);
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const fresh = page.getElementById("jobs");
        if (response.ok && fresh) {
          prepare(fresh);
          for (const key of fresh.querySelectorAll('input[name="key"]')) {
            const known = find(key.closest(".row").id)?.querySelector('input[name="key"]');
            if (known) key.setAttribute("value", known.value);
          }
          morph(find("jobs"), document.adoptNode(fresh));
        }
      } catch {
        await wait(3000);
      }
    }
    refresh();
  };
  prepare(document);
  refresh();
}

function unfolding() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-unfold]");
    if (!button) return;
    const prompt = button.closest("article").querySelector(".prompt");
    const folded = prompt.classList.toggle("folded");
    button.textContent = folded ? "Show the whole prompt" : "Show less";
    if (folded) delete prompt.dataset.unfolded;
    else prompt.dataset.unfolded = "";
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-close]")) event.target.closest("dialog").close(); });
}

sideBar();
unfolding();
if (body.dataset.page === "channel") {
  const here = conversation();
  lightbox(presses(here));
  composer(here);
}
if (body.dataset.page === "jobs") jobsPage();
