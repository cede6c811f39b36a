/** Stand-in for the element where there is no document: pages are put together on a server with the tag alone. */
export class GazeTracker {}
