// Enhancements of pages that also work without scripts: copy buttons, tabs, relative times, results as you type.

/* Copying: a button with data-copy copies the text of the code before it. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copySelected(text); // the clipboard API works only on https and localhost
  }
}

function copySelected(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("readonly", "");
  area.className = "unseen";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

const said = document.createElement("p");
said.className = "unseen";
said.setAttribute("role", "status");

function showCopied(button) {
  const use = button.querySelector("use");
  const was = use.getAttribute("href");
  if (button.classList.contains("is-done")) return;
  use.setAttribute("href", was.replace("#copy", "#check"));
  button.classList.add("is-done");
  said.textContent = "Copied";
  setTimeout(() => {
    use.setAttribute("href", was);
    button.classList.remove("is-done");
    said.textContent = "";
  }, 2000);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await copyText(button.parentElement.querySelector("code").textContent);
  button.focus();
  showCopied(button);
});

/* Tabs: the sections of .tabs, each with an id and a heading, become panels; one of them is visible. */
function makeTabs(box) {
  const panels = [...box.querySelectorAll(":scope > .tab")];
  if (panels.length < 2) return;
  const list = document.createElement("div");
  list.className = "tab-list";
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", box.dataset.tabs);
  const tabs = panels.map((panel) => makeTab(panel));
  list.append(...tabs);
  box.prepend(list);
  const select = (index, hasFocus) => selectTab(tabs, panels, index, hasFocus);
  list.addEventListener("click", (event) => {
    const index = tabs.indexOf(event.target.closest("button"));
    if (index >= 0) select(index, true);
  });
  list.addEventListener("keydown", (event) => {
    const index = nextIndex(event.key, tabs.indexOf(document.activeElement), tabs.length);
    if (index === null) return;
    event.preventDefault();
    select(index, true);
  });
  select(Math.max(0, panels.findIndex((panel) => `#${panel.id}` === location.hash)), false);
}

function makeTab(panel) {
  const heading = panel.querySelector("h2, h3, h4");
  const tab = document.createElement("button");
  tab.type = "button";
  tab.id = `${panel.id}-tab`;
  tab.textContent = heading.textContent;
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", panel.id);
  heading.hidden = true;
  panel.setAttribute("role", "tabpanel");
  panel.setAttribute("aria-labelledby", tab.id);
  return tab;
}

function selectTab(tabs, panels, index, hasFocus) {
  tabs.forEach((tab, number) => {
    const isOn = number === index;
    tab.setAttribute("aria-selected", String(isOn));
    tab.tabIndex = isOn ? 0 : -1;
    panels[number].hidden = !isOn;
  });
  if (hasFocus) tabs[index].focus();
}

function nextIndex(key, index, count) {
  switch (key) {
    case "ArrowRight": return (index + 1) % count;
    case "ArrowLeft": return (index + count - 1) % count;
    case "Home": return 0;
    case "End": return count - 1;
    default: return null;
  }
}

/* Times: those of the last 30 days become relative, for example "3 days ago". */
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const units = [["day", 86400, 30], ["hour", 3600, 24], ["minute", 60, 60]];

function tellTime(element) {
  const seconds = (Date.parse(element.dateTime) - Date.now()) / 1000;
  const age = Math.abs(seconds);
  if (Number.isNaN(age) || age >= 30 * 86400) return;
  const unit = units.find(([, length]) => age >= length);
  element.textContent = unit ? relative.format(Math.trunc(seconds / unit[1]), unit[0]) : "just now";
}

/* Elements that are wider than their container can be scrolled by keyboard. */
function openScrollers(root) {
  for (const box of root.querySelectorAll(".scroll, .prose pre, .prose table")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
}

/* A folded README unfolds for good when the reader goes to something in it: by keyboard, by a link or by find-in-page. */
function keepUnfolded(fold) {
  const box = fold.parentElement.querySelector(".unfold input");
  const unfold = () => {
    const top = fold.scrollTop;
    box.checked = true;
    fold.scrollTop = 0;
    if (top) window.scrollBy({ top, behavior: "instant" });
  };
  const unfoldForTarget = () => { if (fold.querySelector(":target")) unfold(); };
  fold.addEventListener("focusin", (event) => { if (event.target.matches(":focus-visible")) unfold(); });
  fold.addEventListener("scroll", unfold);
  window.addEventListener("hashchange", unfoldForTarget);
  unfoldForTarget();
}

function enhance(root) {
  root.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
  root.querySelectorAll("[data-tabs]").forEach(makeTabs);
  root.querySelectorAll("time[data-relative]").forEach(tellTime);
  root.querySelectorAll(".fold").forEach(keepUnfolded);
  openScrollers(root);
}

/* Search: the results update as you type, and the address always matches them. */
function followSearch(form) {
  let asking = null;
  let waiting = 0;

  const addressOf = () => {
    const address = new URL(form.action);
    for (const [name, value] of new FormData(form)) {
      const field = form.elements[name];
      if (value.trim() && value !== field.dataset?.usual) address.searchParams.append(name, value.trim());
    }
    return address.href;
  };

  const show = async (address) => {
    asking?.abort();
    asking = new AbortController();
    const results = document.getElementById("results");
    results.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { signal: asking.signal, headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      replaceResults(new DOMParser().parseFromString(await answer.text(), "text/html"));
      history.replaceState(null, "", address);
    } catch (error) {
      if (error.name !== "AbortError") location.assign(address);
    }
  };

  const ask = (delay) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => show(addressOf()), delay);
  };

  form.addEventListener("input", (event) => ask(event.target.type === "search" || event.target.type === "text" ? 180 : 0));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(0);
  });
}

function replaceResults(page) {
  document.title = page.title;
  document.getElementById("count").textContent = page.getElementById("count").textContent;
  const results = document.adoptNode(page.getElementById("results"));
  document.getElementById("results").replaceWith(results);
  const canonical = document.querySelector("link[rel=canonical]");
  canonical.href = page.querySelector("link[rel=canonical]").href;
  enhance(results);
}

document.body.append(said);
enhance(document);
const form = document.querySelector("form[data-live]");
if (form) followSearch(form);
