/**
 * Reload of a page that a browser brings back as it was: a person who goes back after its owner
 * has signed out must not see it. Most browsers keep no page that says `no-store`; WebKit keeps some.
 */

addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload();
});
