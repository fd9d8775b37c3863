/*
 * signin.js - enhances password fields (sign in, account): a button that shows what is typed, and a
 * word when Caps Lock is on. Without it they are plain password fields.
 */

for (const button of document.querySelectorAll(".show-password")) startShowing(button);
const capsNote = document.getElementById("caps-lock");
if (capsNote) startCapsHint(document.getElementById("password"), capsNote);
focusFirst();

function startShowing(button) {
  const input = document.getElementById(button.getAttribute("aria-controls"));
  const show = (isShown) => {
    input.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
    button.setAttribute("aria-label", isShown ? "Hide the password" : "Show the password");
    button.textContent = isShown ? "Hide" : "Show";
  };
  button.addEventListener("click", () => {
    show(input.type === "password");
    input.focus();
  });
  /* Sent as a password field again, so that browsers do not remember it as ordinary text. */
  input.form.addEventListener("submit", () => show(false));
  show(false);
  button.hidden = false;
}

function startCapsHint(input, note) {
  const look = (event) => {
    const isOn = event.getModifierState?.("CapsLock") ?? false;
    const words = isOn ? "Caps Lock is on." : "";
    if (note.textContent !== words) note.textContent = words;
  };
  input.addEventListener("keydown", look);
  input.addEventListener("keyup", look);
  input.addEventListener("blur", () => {
    note.textContent = "";
  });
}

/* Straight to typing, unless a problem has the focus, or the person was faster. */
function focusFirst() {
  if (document.querySelector(".error-summary") || document.activeElement !== document.body) return;
  const email = document.getElementById("email");
  if (email) (email.value ? document.getElementById("password") : email).focus();
}
