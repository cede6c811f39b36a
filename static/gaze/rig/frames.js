/**
 * Rig as a level: its file and its photo, which is the poster at first and then a finer one.
 */
import { GazeFailure } from '../failure.js';
import { PHOTO_FORMATS } from '../manifest.js';
import { compile, RigPicture } from './picture.js';
import { readRig } from './reader.js';

/** Counts what has ever been shown, so that no two pictures have the same key. */
let shown = 0;

/**
 * @typedef {(url: string) => Promise<Blob>} Fetch each file once, also for a context that is made anew
 */

/**
 * @param {import('../source.js').RigLevel} level
 * @param {string | null} poster address
 * @param {import('../renderer.js').Renderer} renderer
 * @param {Fetch} fetchFile
 * @returns {Promise<RigFrames>}
 * @throws {GazeFailure} `rig`, `decode`, `memory`, `webgl`, `context-lost`
 */
export async function loadRig(level, poster, renderer, fetchFile) {
  compile(renderer);
  const photo = poster ? fetchPhoto(poster, fetchFile).catch(() => null) : null;
  const rig = await readRig(await (await fetchFile(level.rig)).arrayBuffer());
  const bitmap = (await photo) ?? (await finest(level, fetchFile));
  const frames = new RigFrames(level, renderer, rig, await RigPicture.open(renderer, rig));
  try {
    await frames.setPhoto(bitmap);
    return frames;
  } catch (error) {
    frames.delete();
    throw error;
  }
}

export class RigFrames {
  #renderer;
  #picture;
  #shown = 0;

  /**
   * @param {import('../source.js').RigLevel} level
   * @param {import('../renderer.js').Renderer} renderer
   * @param {import('./reader.js').Rig} rig
   * @param {RigPicture} picture
   */
  constructor(level, renderer, rig, picture) {
    this.level = level;
    this.size = { width: rig.frame[0], height: rig.frame[1] };
    this.#renderer = renderer;
    this.#picture = picture;
  }

  get bytes() {
    return this.#picture.bytes;
  }

  get width() {
    return this.#picture.width;
  }

  /**
   * Shows the finest photo there is.
   *
   * @param {Fetch} fetchFile
   * @throws {GazeFailure} `rig`, `decode`, `memory`, `context-lost`
   */
  async refine(fetchFile) {
    await this.setPhoto(await finest(this.level, fetchFile));
  }

  /** @param {ImageBitmap} photo */
  async setPhoto(photo) {
    this.#picture.setPhoto(photo);
    photo.close();
    shown += 1;
    this.#shown = shown;
    await this.#renderer.drained(this.#renderer.epoch);
  }

  /** @param {import('../frames.js').Pose} pose */
  key(pose) {
    return JSON.stringify([this.#shown, pose]);
  }

  /**
   * @param {CanvasRenderingContext2D} target
   * @param {import('../frames.js').Place} place
   * @param {import('../frames.js').Pose} pose
   * @param {import('../frames.js').Quality} quality
   */
  draw(target, place, pose, { sharp, stride }) {
    const fine = sharp && place.width > this.width;
    this.#renderer.paint(target, place, () => this.#picture.draw(pose, place, { sharp: fine, stride }));
  }

  delete() {
    this.#picture.delete();
  }
}

/** @param {import('../source.js').RigLevel} level @param {Fetch} fetchFile */
async function finest({ photo }, fetchFile) {
  for (const format of PHOTO_FORMATS) {
    const url = photo[format];
    if (url && (format === 'webp' || (await decodes(`image/${format}`)))) return fetchPhoto(url, fetchFile);
  }
  throw new GazeFailure('rig', "The portrait's photo is missing.");
}

/** @param {string} type @returns {Promise<boolean>} whether the browser says that it decodes such pictures */
async function decodes(type) {
  return Boolean(globalThis.ImageDecoder && (await ImageDecoder.isTypeSupported(type)));
}

/** @param {string} url @param {Fetch} fetchFile @returns {Promise<ImageBitmap>} */
async function fetchPhoto(url, fetchFile) {
  const file = await fetchFile(url);
  return createImageBitmap(file, { premultiplyAlpha: 'premultiply' }).catch(() => {
    throw new GazeFailure('decode', "The portrait's photo is no picture that this browser can decode.");
  });
}
