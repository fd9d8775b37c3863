/*
 * api.js - calls to our own JSON addresses, with failures as one kind of error that has words for
 * people.
 *
 * The session cookie and the Origin header, which browsers send by themselves, are the credentials.
 */

/** A call that failed. `status` is 0 when no answer came; `problem` is the problem document, or
   {}. */
class ApiError extends Error {
  constructor(status, problem, words) {
    super(words);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
    this.code = problem.code ?? "";
    this.hint = problem.hint ?? "";
  }

  /** The same call may succeed a moment later. */
  get isPassing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }

  get isSignedOut() {
    return this.status === 401;
  }
}

const NO_ANSWER = "Vitrine does not answer. Check your connection; nothing was lost.";

/** JSON in, JSON out. `date` of the result is the server's clock (ms), for who compares times
   with it. */
export async function call(method, path, body, { signal } = {}) {
  let response;
  let text;
  try {
    response = await fetch(path, {
      method,
      signal,
      credentials: "same-origin",
      cache: "no-store",
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, {}, NO_ANSWER);
  }
  const answer = response.status === 204 ? {} : parse(text);
  if (!response.ok) throw new ApiError(response.status, answer ?? {}, wordsOf(response, answer));
  if (answer === null)
    throw new ApiError(
      502,
      {},
      "The answer made no sense. Something between you and Vitrine changed it.",
    );
  Object.defineProperty(answer, "date", { value: Date.parse(response.headers.get("date") ?? "") });
  return answer;
}

function parse(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function wordsOf(response, answer) {
  if (response.status === 401) return "You are signed out.";
  return answer?.detail || answer?.title || `Vitrine answered with ${response.status}.`;
}
