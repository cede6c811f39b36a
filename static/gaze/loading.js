/**
 * Time at which an element loads: when it nears the window, at once, or after the person's first touch, key or move.
 */

const INTERACTIONS = ['pointerdown', 'pointermove', 'touchstart', 'keydown'];

let interacted = false;

/**
 * @param {Element} element
 * @returns {'eager' | 'lazy' | 'interaction'} a browser that saves data waits for the person, whatever the page asks
 */
export function loadingOf(element) {
  const { connection } = /** @type {Navigator & {connection?: {saveData?: boolean}}} */ (navigator);
  const asked = element.getAttribute('loading');
  if (connection?.saveData || asked === 'interaction') return 'interaction';
  return asked === 'eager' ? 'eager' : 'lazy';
}

/** @returns {boolean} whether the person has touched the page, pointed at it or pressed a key */
export function hasInteracted() {
  return interacted;
}

/** @param {() => void} act once, after the first interaction @param {AbortSignal} signal */
export function afterInteraction(act, signal) {
  if (interacted) return;
  const options = { capture: true, passive: true, signal };
  const note = () => {
    interacted = true;
    INTERACTIONS.forEach((type) => removeEventListener(type, note, options));
    act();
  };
  INTERACTIONS.forEach((type) => addEventListener(type, note, options));
}
