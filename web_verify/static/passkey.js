// Passkeys: asks this house for a challenge, the browser for its answer, and sends that as the form it stands in.
(() => {
  const form = document.querySelector("form[data-passkey]");
  if (!form || !window.PublicKeyCredential || !window.isSecureContext) return;
  const { passkey: kind, ask } = form.dataset;
  const button = form.querySelector("button");
  const note = document.querySelector("[data-passkey-note]");
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  let waiting;
  const options = async () => {
    const body = new URLSearchParams({ form_token: form.elements.form_token.value });
    const answer = await fetch(ask, { method: "POST", body });
    const found = await answer.json();
    if (found.go) location.assign(found.go);
    if (!answer.ok) throw new Error(found.error);
    found.challenge = bytes(found.challenge);
    if (found.user) found.user.id = bytes(found.user.id);
    for (const known of found.excludeCredentials || []) known.id = bytes(known.id);
    return found;
  };
  const send = ({ id, rawId, type, response }) => {
    const said = { clientDataJSON: text(response.clientDataJSON) };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[part]) said[part] = text(response[part]);
    }
    form.elements.answer.value = JSON.stringify({ id, rawId: text(rawId), type, response: said });
    form.submit();
  };
  // Where the browser offers passkeys beside the names it knows, no button is needed; a challenge lives ten minutes.
  const offer = async () => {
    if (kind !== "get" || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    const mine = (waiting = new AbortController());
    const renew = setTimeout(() => { mine.abort(); offer(); }, 540000);
    try {
      send(await navigator.credentials.get({ publicKey: await options(), mediation: "conditional", signal: mine.signal }));
    } catch {
      clearTimeout(renew);
    }
  };
  button.addEventListener("click", async () => {
    waiting?.abort();
    note.hidden = true;
    button.disabled = true;
    try {
      const publicKey = await options();
      send(await navigator.credentials[kind]({ publicKey }));
    } catch (error) {
      button.disabled = false;
      note.textContent = error.name === "InvalidStateError" ? note.dataset.known || note.dataset.failed : note.dataset.failed;
      note.hidden = false;
      offer();
    }
  });
  for (const each of document.querySelectorAll("[data-passkey-with]")) each.hidden = false;
  for (const each of document.querySelectorAll("[data-passkey-without]")) each.hidden = true;
  offer();
})();
