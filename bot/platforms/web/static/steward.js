// What the browser does by itself: keys, files, dialogs, the pane, the theme. Every act that means something goes
// to the server as one event (page_events.py); what the server wants done comes in as calls of `steward.*`.
"use strict";

const steward = (() => {
  const byId = (id) => document.getElementById(id);
  const THEMES = ["auto", "light", "dark"];
  const LOST = "The connection is lost; I am trying to get it back. Your text is kept here.";
  const files = []; // {name, token | null, failed, chip}
  let opener = null; // what had the focus before the pane opened
  let sending = false;

  const WAIT_MS = 4000; // for a connection that is just being made: on load, or after a lift
  const connected = () => Boolean(window.socket?.connected);
  const jobOf = (node) => node.closest("[data-job]")?.dataset.job;
  const draftKey = () => "steward-draft:" + location.pathname;
  const draftIdKey = () => "steward-draft-id:" + location.pathname;

  // The question's own id, until it is taken or its words change: sent twice, even after a reload, it is one question.
  const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  function draftId() {
    const id = sessionStorage.getItem(draftIdKey()) ?? newId();
    sessionStorage.setItem(draftIdKey(), id);
    return id;
  }

  // Tell the server, as soon as it can be reached; false: it could not be, and that has been said.
  async function tell(act, more = {}) {
    const until = Date.now() + WAIT_MS;
    while (!connected() && Date.now() < until) await new Promise((done) => setTimeout(done, 50));
    if (!connected()) {
      sayComposer(LOST);
      return false;
    }
    emitEvent("steward", { act, ...more });
    return true;
  }

  // ------------------------------------------------------------ composer
  function sayComposer(text) { byId("composer-error").textContent = text; }

  function fit() {
    const field = byId("question");
    field.style.height = "auto";
    field.style.height = Math.min(field.scrollHeight, innerHeight * 0.38) + "px";
  }

  async function send(text, kind) {
    if (sending) return;
    const failed = files.filter((file) => file.failed);
    if (failed.length) return sayComposer(`Remove ${failed[0].name} first: it could not be attached.`);
    if (files.some((file) => !file.token)) return sayComposer("A file is still on its way. Please wait a moment.");
    if (!text.trim() && !files.length) return sayComposer("Write a question, or attach a file.");
    sayComposer("");
    sending = true;
    document.querySelector(".send").disabled = true;
    const question = { text, kind, draft: draftId(), files: files.map((file) => file.token) };
    if (!(await tell("send", question))) sendFailed();
  }

  function sendFailed() {
    sending = false;
    document.querySelector(".send").disabled = false;
    byId("question").focus();
  }

  function sent() {
    sendFailed();
    byId("question").value = "";
    byId("kind").value = "";
    sessionStorage.removeItem(draftKey());
    sessionStorage.removeItem(draftIdKey());
    files.splice(0).forEach((file) => file.chip.remove());
    fit();
  }

  // ------------------------------------------------------------ files
  function sizeWords(bytes) {
    return bytes < 1e3 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1e3).toPrecision(3)} kB` : `${(bytes / 1e6).toPrecision(3)} MB`;
  }

  function addFiles(list) {
    const form = byId("composer");
    for (const blob of list) {
      if (files.length >= Number(form.dataset.maxFiles)) return sayComposer(`I take up to ${form.dataset.maxFiles} files with one question.`);
      if (blob.size > Number(form.dataset.maxBytes)) {
        sayComposer(`${blob.name} is too large: ${sizeWords(blob.size)}, and I take files up to ${sizeWords(Number(form.dataset.maxBytes))}.`);
        continue;
      }
      upload(blob);
    }
  }

  async function upload(blob) {
    const chip = document.createElement("li");
    chip.className = "chip";
    const words = document.createElement("span");
    const remove = document.createElement("button");
    const file = { name: blob.name || "pasted file", token: null, failed: false, chip };
    words.textContent = `${file.name} · sending…`;
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Remove ${file.name}`);
    remove.onclick = () => { files.splice(files.indexOf(file), 1); chip.remove(); sayComposer(""); byId("question").focus(); };
    chip.append(words, remove);
    byId("chips").append(chip);
    files.push(file);
    try {
      const headers = { "X-File-Name": encodeURIComponent(file.name), "Content-Type": blob.type || "application/octet-stream" };
      const response = await fetch("/uploads", { method: "POST", headers, body: blob });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
      file.token = answer.token;
      words.textContent = `${file.name} · ${answer.size}`;
    } catch (error) {
      file.failed = true;
      chip.classList.add("failed");
      words.textContent = error instanceof TypeError || error instanceof SyntaxError ? `${file.name} could not be sent. Try again in a moment.` : error.message;
    }
  }

  // ------------------------------------------------------------ the document pane
  function openReader() {
    const shell = byId("shell");
    if (!shell.classList.contains("reader-open")) opener = document.activeElement;
    shell.classList.add("reader-open");
    const job = byId("reader").dataset.job;
    const number = document.querySelector("#reader h2 .number")?.textContent;
    document.querySelectorAll("[data-act=cite].open").forEach((node) => node.classList.remove("open"));
    document.querySelectorAll(`[data-job="${job}"] [data-act="cite"][data-n="${number}"]`).forEach((node) => node.classList.add("open"));
    requestAnimationFrame(() => {
      byId("reader").scrollTop = 0;
      byId("passage")?.scrollIntoView({ block: "center" });
      byId("reader-title")?.focus({ preventScroll: true });
    });
  }

  function closeReader() {
    byId("shell").classList.remove("reader-open");
    document.querySelectorAll("[data-act=cite].open").forEach((node) => node.classList.remove("open"));
    (opener?.isConnected ? opener : byId("question")).focus({ preventScroll: true });
    opener = null;
  }

  // ------------------------------------------------------------ rail
  function openRail(open) {
    byId("shell").classList.toggle("rail-open", open);
    if (open) byId("rail-search").focus();
    else document.querySelector(".menu")?.focus();
  }

  function narrow(words) {
    const wanted = words.trim().toLowerCase();
    let found = 0;
    document.querySelectorAll("#rail-list section").forEach((section) => {
      let inSection = 0;
      section.querySelectorAll("li").forEach((item) => {
        const hit = item.textContent.toLowerCase().includes(wanted);
        item.hidden = !hit;
        inSection += hit;
      });
      section.hidden = !inSection;
      found += inSection;
    });
    if (byId("rail-nothing")) byId("rail-nothing").hidden = found > 0;
  }

  function moveInRail(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const stops = [byId("rail-search"), ...document.querySelectorAll("#rail-list li:not([hidden]) .conversation")];
    const at = stops.indexOf(document.activeElement);
    if (at < 0) return;
    event.preventDefault();
    stops[Math.max(0, Math.min(stops.length - 1, at + step))].focus();
  }

  // ------------------------------------------------------------ theme
  function showTheme(theme) {
    document.documentElement.classList.remove(...THEMES.map((name) => "theme-" + name));
    document.documentElement.classList.add("theme-" + theme);
    const button = byId("theme");
    if (button) button.setAttribute("aria-label", { auto: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" }[theme]);
    if (button) button.title = button.getAttribute("aria-label");
  }
  const theme = () => document.cookie.match(/steward_theme=(\w+)/)?.[1] ?? "auto";

  function nextTheme() {
    const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
    document.cookie = `steward_theme=${next}; path=/; max-age=31536000; samesite=lax`;
    showTheme(next);
  }

  // ------------------------------------------------------------ dialogs
  function askReason(job) {
    const dialog = byId("feedback-dialog");
    dialog.dataset.job = job;
    dialog.querySelector("form").reset();
    dialog.showModal();
  }

  // A form under a draft or under minutes, filled with what they say now.
  const FORMS = { draft_change: "draft-change-dialog", minutes_edit: "minutes-dialog" };
  function askDraft(name, job, value, fields) {
    const dialog = byId(FORMS[name] ?? "draft-dialog");
    Object.assign(dialog.dataset, { name, job, value });
    for (const entry of dialog.querySelectorAll("[name]")) entry.value = fields[entry.name] ?? "";
    if (dialog.id === "draft-dialog") {
      byId("draft-facts").textContent = fields.facts;
      byId("draft-facts").closest("details").hidden = !fields.facts;
    }
    dialog.showModal();
  }

  // The form of an e-mail about an answer. Submitted twice, it asks for one draft.
  function askEmail(job, topic) {
    const dialog = byId("email-dialog");
    dialog.querySelector("form").reset();
    Object.assign(dialog.dataset, { job, draft: newId() });
    byId("email-about").textContent = `About: ${topic}`;
    dialog.showModal();
  }

  function submitted(dialog) {
    const form = new FormData(dialog.querySelector("form"));
    const text = form.get("text") ?? "";
    if (dialog.id === "feedback-dialog") tell("feedback", { job: dialog.dataset.job, reason: form.get("reason"), text });
    if (Object.values(FORMS).concat("draft-dialog").includes(dialog.id)) {
      const { job, name, value } = dialog.dataset;
      tell(dialog.id === "minutes-dialog" ? "minutes" : "draft", { job, name, value, fields: Object.fromEntries(form) });
    }
    if (dialog.id === "email-dialog") {
      tell("email", { job: dialog.dataset.job, draft: dialog.dataset.draft, fields: Object.fromEntries(form) });
    }
    if (dialog.id === "rename-dialog") tell("rename", { text });
    if (dialog.id === "speakers-dialog") tell("action", { job: dialog.dataset.job, name: "name_speakers", text });
    if (dialog.id === "delete-dialog") tell("delete");
  }

  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no permission, or not a secure address
      const area = Object.assign(document.createElement("textarea"), { value: text });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    const label = button.getAttribute("aria-label");
    button.setAttribute("aria-label", "Copied");
    button.classList.add("copied");
    setTimeout(() => { label ? button.setAttribute("aria-label", label) : button.removeAttribute("aria-label"); button.classList.remove("copied"); }, 1500);
  }

  // ------------------------------------------------------------ one listener for every button
  const acts = {
    "new": () => { leave(); tell("new"); },
    "open": (node, event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      leave();
      history.pushState({}, "", node.getAttribute("href"));
      tell("open", { conversation: node.dataset.conversation });
    },
    "open-rail": () => openRail(true),
    "close-rail": () => openRail(false),
    "theme": nextTheme,
    "attach": () => byId("files").click(),
    "suggest": (node) => tell("suggest", { n: Number(node.dataset.n) }),
    "stop": (node) => { node.disabled = true; tell("stop", { job: jobOf(node) }); },
    "retry": (node) => tell("retry", { job: jobOf(node) }),
    "cite": (node) => tell("cite", { job: jobOf(node), n: Number(node.dataset.n) }),
    "cite-step": (node) => tell("cite", { job: jobOf(node), n: Number(node.dataset.n) }),
    "thumb-up": (node) => tell("thumb-up", { job: jobOf(node) }),
    "thumb-down": (node) => tell("thumb-down", { job: jobOf(node) }),
    "action": (node) => {
      if (node.dataset.ask && !window.confirm(node.dataset.ask)) return;
      tell("action", { job: jobOf(node), name: node.dataset.name, value: node.dataset.value ?? "" });
    },
    "close-reader": closeReader,
    "close-dialog": (node) => node.closest("dialog").close("cancel"),
    "ask-rename": (node) => { const d = byId("rename-dialog"); d.querySelector("input").value = node.dataset.text; d.showModal(); d.querySelector("input").select(); },
    "ask-speakers": (node) => { const d = byId("speakers-dialog"); d.dataset.job = jobOf(node); d.querySelector("textarea").value = node.dataset.text; d.showModal(); },
    "ask-delete": () => byId("delete-dialog").showModal(),
    "copy": (node) => copy(node.dataset.text, node),
    "copy-answer": (node) => copy([...node.closest(".turn").querySelectorAll(".answer .prose")].map((p) => p.innerText).join("\n\n"), node),
    "copy-draft": (node) => copy(node.closest(".draft").querySelector(".draft-body").innerText, node),
  };
  const leave = () => { byId("shell").classList.remove("rail-open", "reader-open"); opener = null; };

  document.addEventListener("click", (event) => {
    const node = event.target.closest("[data-act]");
    if (node && acts[node.dataset.act]) acts[node.dataset.act](node, event);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id === "composer") {
      event.preventDefault();
      send(byId("question").value, byId("kind").value);
    } else if (event.target.closest("dialog")) submitted(event.target.closest("dialog"));
  });
  document.addEventListener("input", (event) => {
    if (event.target.id === "question") { sessionStorage.setItem(draftKey(), event.target.value); sessionStorage.removeItem(draftIdKey()); fit(); sayComposer(""); }
    if (event.target.id === "rail-search") narrow(event.target.value);
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "files") { addFiles(event.target.files); event.target.value = ""; byId("question").focus(); }
  });
  document.addEventListener("paste", (event) => {
    if (event.target.id === "question" && event.clipboardData.files.length) { event.preventDefault(); addFiles(event.clipboardData.files); }
  });
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files") && byId("thread");
  document.addEventListener("dragover", (event) => { if (carriesFiles(event)) { event.preventDefault(); byId("thread").classList.add("dragging"); } });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) byId("thread")?.classList.remove("dragging"); });
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    byId("thread").classList.remove("dragging");
    addFiles(event.dataTransfer.files);
  });

  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.target.id === "question" && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      byId("composer").requestSubmit();
    } else if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && byId("question")) {
      event.preventDefault();
      byId("question").focus();
    } else if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
      if (byId("shell")?.classList.contains("rail-open")) openRail(false);
      else if (byId("shell")?.classList.contains("reader-open")) closeReader();
    } else if (event.target.closest?.("#rail")) moveInRail(event);
  });
  document.addEventListener("toggle", (event) => { // details: show what has just been opened
    if (event.target.open && event.target.closest?.("#messages")) event.target.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }, true);
  window.addEventListener("popstate", () => {
    const id = location.pathname.match(/^\/c\/([\w-]+)$/)?.[1];
    if (!byId("shell")) return;
    leave();
    id ? tell("open", { conversation: id }) : tell("new");
  });

  // ------------------------------------------------------------ what changes by itself
  function localTimes() {
    const today = new Date().toDateString();
    document.querySelectorAll("time[data-local]").forEach((node) => {
      const at = new Date(node.dateTime);
      const options = at.toDateString() === today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
      node.textContent = at.toLocaleString(undefined, options);
      node.title = at.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
      node.removeAttribute("data-local");
    });
  }

  let atEnd = true; // whether the reader follows the end of the conversation, or has scrolled away from it
  const toEnd = () => { atEnd = true; const box = byId("messages"); requestAnimationFrame(() => { box.scrollTop = box.scrollHeight; }); };

  function watch() {
    const box = byId("messages");
    const admin = document.querySelector(".admin main");
    if (admin) {
      new MutationObserver(localTimes).observe(admin, { childList: true, subtree: true });
      localTimes();
      showTheme(theme());
      document.documentElement.dataset.ready = "true";
    }
    if (admin) return;
    if (!box) return setTimeout(watch, 50); // NiceGUI builds the page after this script ran
    box.addEventListener("scroll", () => { atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80; });
    new MutationObserver(() => { localTimes(); if (atEnd) box.scrollTop = box.scrollHeight; }).observe(box, { childList: true, subtree: true });
    localTimes();
    showTheme(theme());
    byId("question").value = sessionStorage.getItem(draftKey()) ?? "";
    fit();
    if (matchMedia("(hover: hover)").matches) byId("question").focus({ preventScroll: true });
    if (document.querySelector(".turn")) box.scrollTop = box.scrollHeight;
    document.documentElement.dataset.ready = "true";
  }
  document.addEventListener("DOMContentLoaded", () => { localTimes(); if (!document.body.classList.contains("plain")) watch(); });

  return {
    sent, sendFailed, openReader, askReason, askDraft, askEmail, toEnd,
    title: (text) => { document.title = text; },
    address: (path) => { if (location.pathname !== path) history.pushState({}, "", path); },
    signIn: () => location.assign("/sign-in?next=" + encodeURIComponent(location.pathname)),
    focusComposer: () => byId("question").focus(),
  };
})();
