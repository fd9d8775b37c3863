/*
 * upload-lock.js - one tab at a time for the same file of the same account (Web Locks).
 *
 * Browsers give locks under HTTPS and on localhost only. Without them two tabs would both send the
 * file: a waste, and harmless, since parts are the same and completing answers the same each time.
 */

const name = (user, mark) => `vitrine-upload-${user}-${mark}`;

/* Letting go takes a moment: who looks right afterwards must not see its own lock. */
let lettingGo = Promise.resolve();

/** A function that lets go of it, or null: another tab (or this one) has it. */
export async function claim(user, mark) {
  if (!navigator.locks) return () => {};
  await lettingGo;
  return new Promise((resolve, reject) => {
    const ended = navigator.locks.request(name(user, mark), { ifAvailable: true }, (lock) => {
      if (!lock) return resolve(null);
      return new Promise((release) =>
        resolve(() => {
          release();
          lettingGo = Promise.all([lettingGo, ended]);
        }),
      );
    });
    ended.catch(reject);
  });
}

/** Whether anybody has it now. */
export async function isClaimed(user, mark) {
  if (!navigator.locks || !mark) return false;
  await lettingGo;
  const { held } = await navigator.locks.query();
  return held.some((lock) => lock.name === name(user, mark));
}
