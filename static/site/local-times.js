/**
 * Times in the visitor's own zone. Without this script they are in UTC, and say so.
 *
 * `<time datetime="…" data-local="day">` is a date, any other `data-local` a date and a time.
 */

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const MONTHS = Array.from({ length: 12 }, (_, month) =>
  new Intl.DateTimeFormat('en-GB', { month: 'long', timeZone: 'UTC' }).format(Date.UTC(2026, month, 1)),
);
const IN_UTC = /(\d{1,2}) ([A-Z][a-z]+) (\d{4}), (\d\d):(\d\d) UTC/g;

/** A moment in words. @param {Date} moment */
function inWords(moment, dayOnly = false) {
  return dayOnly ? DAY.format(moment) : `${DAY.format(moment)}, ${CLOCK.format(moment)}`;
}

/**
 * Turns every time below a node into the visitor's; the time in UTC becomes its title.
 *
 * @param {ParentNode} root
 */
export function showLocalTimes(root) {
  /** @type {NodeListOf<HTMLTimeElement>} */
  const times = root.querySelectorAll('time[data-local]');
  for (const element of times) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    element.title ||= element.textContent;
    element.textContent = inWords(moment, element.dataset.local === 'day');
  }
}

/**
 * A sentence of the server whose times, such as “17 July 2026, 14:05 UTC”, are the visitor's.
 *
 * @param {string} sentence
 */
export function withLocalTimes(sentence) {
  return sentence.replace(IN_UTC, (found, day, name, year, hour, minute) => {
    const month = MONTHS.indexOf(name);
    return month < 0 ? found : inWords(new Date(Date.UTC(year, month, day, hour, minute)));
  });
}

showLocalTimes(document);
