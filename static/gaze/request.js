/**
 * Request for a file of a portrait. Its failure says whether trying again may help.
 */
import { GazeFailure } from './failure.js';

/** Statuses that refuse for now; every other 4xx is final. */
const FOR_NOW = [408, 425, 429];

/** Seconds: a server that asks for more is asked again after this. */
const LONGEST_RETRY_AFTER = 3600;

/**
 * @template T
 * @param {string} url
 * @param {object} options
 * @param {'manifest' | 'sheet' | 'rig'} options.code of the failure
 * @param {string} options.name of the file, as the subject of a sentence
 * @param {(response: Response) => Promise<T>} options.read takes the content
 * @param {RequestInit & {signal: AbortSignal}} options.init what `fetch` takes
 * @returns {Promise<T>}
 * @throws {GazeFailure} `code`; temporary unless the server refuses for good
 */
export async function request(url, { code, name, read, init }) {
  let outlook = { temporary: true, retryAfter: 0 };
  try {
    const response = await fetch(url, init);
    outlook = outlookOf(response);
    if (!response.ok) throw new Error(`status ${response.status}`);
    return await read(response);
  } catch (error) {
    init.signal.throwIfAborted();
    const { message } = /** @type {Error} */ (error);
    throw new GazeFailure(code, `${name} cannot be loaded (${message}).`, outlook);
  }
}

/** @param {Response} response */
function outlookOf({ status, headers }) {
  const final = status >= 400 && status < 500 && !FOR_NOW.includes(status);
  const wait = Number(headers.get('Retry-After'));
  // A date is not worth reading: clocks differ, and the usual wait will do.
  return { temporary: !final, retryAfter: wait > 0 ? Math.min(wait, LONGEST_RETRY_AFTER) : 0 };
}
