/**
 * File of a rig: its binary, or one of its photos.
 */
import { request } from '../request.js';

/** @param {string} url @param {AbortSignal} signal @returns {Promise<Blob>} */
export function fetchRigFile(url, signal) {
  /** @param {Response} response */
  const read = (response) => response.blob();
  // As with sheets, another portrait may have come to lie under the same name.
  const init = { signal, cache: /** @type {const} */ ('no-cache') };
  return request(url, { code: 'rig', name: 'A file of the portrait', read, init });
}
