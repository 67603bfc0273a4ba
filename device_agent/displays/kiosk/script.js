// The page is complete without this: here states arrive by themselves, the remote's arrows move, and the code is read aloud.
"use strict";
const main = document.querySelector("main");
const part = (name) => document.getElementById(name);
let failures = 0;

function put(name, html) {
  const place = part(name);
  if (place.innerHTML !== html) place.innerHTML = html; // from the agent, which escapes what it was told
}

function turn(parts) {
  const isSameCard = main.dataset.state === parts.state;
  main.dataset.state = parts.state;
  if (!isSameCard || part("card").dataset.html !== parts.card) {
    part("card").innerHTML = parts.card;
    part("card").dataset.html = parts.card;
  }
  put("manual", parts.manual);
  const hadFocus = document.activeElement && document.activeElement.id;
  put("foot", parts.foot);
  offerToSpeak();
  if (hadFocus && part(hadFocus)) part(hadFocus).focus();
  say(parts.status, parts.is_troubled);
  const again = part("again");
  if (again && !isSameCard) again.focus();
}

function say(text, isTrouble) {
  const status = part("status");
  status.classList.toggle("trouble", isTrouble);
  if (status.textContent !== text) status.textContent = text;
}

function offerToSpeak() {
  const button = part("aloud");
  if (!button || !("speechSynthesis" in window)) return;
  button.hidden = false;
  button.onclick = () => {
    speechSynthesis.cancel();
    const words = new SpeechSynthesisUtterance(button.dataset.aloud);
    words.lang = document.documentElement.lang;
    words.rate = 0.8;
    speechSynthesis.speak(words);
  };
}

const events = new EventSource("events");
events.onmessage = (event) => {
  failures = 0;
  const parts = JSON.parse(event.data);
  turn(parts);
  if (parts.is_final) events.close();
};
events.onerror = () => {
  failures += 1;
  if (failures >= 3 || events.readyState === EventSource.CLOSED) say(main.dataset.gone, true);
};

document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  event.preventDefault();
  fetch(event.target.action, { method: "POST", redirect: "manual" }).catch(() => say(main.dataset.gone, true));
});

// A remote has arrows and OK: the arrows walk over the buttons, OK presses by itself.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  const buttons = [...document.querySelectorAll("button:not([hidden])")];
  if (!step || !buttons.length) return;
  const at = buttons.indexOf(document.activeElement);
  buttons[at < 0 ? 0 : (at + step + buttons.length) % buttons.length].focus();
  event.preventDefault();
});

offerToSpeak();
if (part("again")) part("again").focus();
