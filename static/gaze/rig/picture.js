/**
 * Rig on the graphics card: its mesh, its lids and the photo, and the two passes that draw it. Elements that show the
 * same portrait share it.
 */
import { LIMIT } from '../grid.js';
import { meshPoints, meshTriangles } from './mesh.js';
import { damaged } from './reader.js';
import { EYE, HEAD, SHOW, SHOW_SHARP, SHOW_SMALL } from './shaders.js';

/** Share of its travel that the upper lid takes when the gaze goes up. */
const RAISED = 0.75;

/** Beyond full travel an iris goes on at this share of its pace. */
const BEYOND = 0.3;

/** Nearness to rest below which the photo's own eyes leave no trace. */
const LEAST_NEARNESS = 0.02;

/** Share of the photo's size below which it is drawn with mipmaps; down to a half, four texels are enough. */
const SMALL = 0.45;

const EYE_SAMPLERS = { photo: 0, atlas: 1, lids: 2, rest: 3 };

/** @typedef {import('../frames.js').Pose} Pose */

/**
 * Starts the compiler, so that the programs are ready when the files are.
 *
 * @param {import('../renderer.js').Renderer} renderer
 */
export function compile(renderer) {
  return { eye: renderer.program(EYE, EYE_SAMPLERS), show: renderer.program(SHOW, { picture: 0 }, HEAD) };
}

export class RigPicture {
  #renderer;
  #gl;
  #rig;
  /** Textures that last as long as the rig does. */
  #atlas;
  #lids;
  #points;
  /**
   * Vertex arrays by stride.
   *
   * @type {Map<number, {array: WebGLVertexArrayObject, indices: WebGLBuffer, count: number}>}
   */
  #meshes = new Map();
  /** Whatever belongs to the photo shown. @type {PhotoTextures | null} */
  #photo = null;

  /**
   * @param {import('../renderer.js').Renderer} renderer
   * @param {import('./reader.js').Rig} rig
   * @param {ImageBitmap | null} atlas null without eyes
   */
  constructor(renderer, rig, atlas) {
    this.#renderer = renderer;
    this.#rig = rig;
    const gl = (this.#gl = renderer.gl);
    this.#atlas = atlas && texture(gl, atlas.width, atlas.height, { image: atlas });
    this.#lids = lidTexture(gl, rig);
    this.#points = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#points);
    gl.bufferData(gl.ARRAY_BUFFER, meshPoints(rig), gl.STATIC_DRAW);
  }

  /**
   * @param {import('../renderer.js').Renderer} renderer
   * @param {import('./reader.js').Rig} rig
   * @returns {Promise<RigPicture>}
   * @throws {import('../failure.js').GazeFailure} `rig` when its atlas cannot be decoded
   */
  static async open(renderer, rig) {
    if (!rig.eyes.length) return new RigPicture(renderer, rig, null);
    const file = new Blob([new Uint8Array(rig.atlas)], { type: 'image/webp' });
    const atlas = await createImageBitmap(file, { colorSpaceConversion: 'none' }).catch(() => {
      throw damaged('atlas');
    });
    const picture = new RigPicture(renderer, rig, atlas);
    atlas.close();
    return picture;
  }

  /** Bytes on the graphics card. */
  get bytes() {
    return (this.#photo?.bytes ?? 0) + 24 * this.#rig.height.length;
  }

  /** Width of the photo shown, pixels; 0 without one. */
  get width() {
    return this.#photo?.width ?? 0;
  }

  /** Shows the rig in another photo of the same portrait, of any size. @param {ImageBitmap} photo premultiplied */
  setPhoto(photo) {
    this.#dropPhoto();
    const asPhotographed = (/** @type {PhotoTextures} */ textures) => this.#paintEyes(textures, { x: 0, y: 0, own: 1 });
    this.#photo = new PhotoTextures(this.#gl, this.#rig, photo, asPhotographed);
  }

  /**
   * Draws a pose into the lower left corner of the renderer's canvas.
   *
   * @param {Pose} pose
   * @param {{width: number, height: number}} place device pixels
   * @param {Partial<import('../frames.js').Quality>} [quality]
   */
  draw({ x, y, close = 0, left = 1, right = 1, own = 0 }, { width, height }, { sharp = false, stride = 1 } = {}) {
    const textures = this.#photo;
    if (!textures) return;
    const gl = this.#gl;
    const { frame, head, model, intensity } = this.#rig;
    const pose = { x: x * intensity, y: y * intensity, close, left, right, own };
    this.#paintEyes(textures, pose);
    const small = width < textures.width * SMALL;
    const program = this.#renderer.program(small ? SHOW_SMALL : sharp ? SHOW_SHARP : SHOW, { picture: 0 }, HEAD);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, width, height);
    bind(gl, [textures.picture]);
    if (small) gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, small ? gl.LINEAR_MIPMAP_LINEAR : gl.LINEAR);
    const raise = Math.max(0, -pose.y) * head.gain * model.browRaise * head.eyeSpan;
    const yaw = radians(pose.x / 2) * head.gain * head.yawGain * head.yawMore[pose.x < 0 ? 0 : 1];
    const pitch = radians(pose.y / 2) * head.gain;
    program.set({
      head: [...head.centre, ...head.right],
      turn: [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)],
      depth: [head.distance, model.inPlane * head.width, raise, 0],
      size: frame,
      canvas: [width, height],
    });
    const { array, count } = this.#mesh(stride);
    gl.bindVertexArray(array);
    gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_SHORT, 0);
    gl.bindVertexArray(null);
  }

  delete() {
    const gl = this.#gl;
    this.#dropPhoto();
    for (const each of [this.#atlas, this.#lids]) gl.deleteTexture(each);
    for (const { array, indices } of this.#meshes.values()) {
      gl.deleteVertexArray(array);
      gl.deleteBuffer(indices);
    }
    gl.deleteBuffer(this.#points);
  }

  #dropPhoto() {
    this.#photo?.delete();
    this.#photo = null;
  }

  /**
   * @param {PhotoTextures} textures without `rest`, the eyes are painted as they look in the photo
   * @param {Pose} pose scaled by the intensity
   */
  #paintEyes({ framebuffer, areas, scale, strips, photo, rest }, { x, y, close = 0, left = 1, right = 1, own = 0 }) {
    const gl = this.#gl;
    const { eyes, model, supersampling } = this.#rig;
    if (!eyes.length) return;
    const program = this.#renderer.program(EYE, EYE_SAMPLERS);
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    bind(gl, [photo, this.#atlas, this.#lids, rest ?? photo]);
    program.set({
      scale,
      travel: [model.upperTravel, model.lowerTravel, model.fold, model.lashes],
      light: [model.lowerMargin, model.shadow, model.shadowDepth, model.ball],
    });
    eyes.forEach((eye, i) => {
      const gain = eye.inner < 0 ? right : left;
      const [x0, y0, x1, y1] = areas[i];
      gl.viewport(x0, y0, x1 - x0, y1 - y0);
      const { iris: [u, v], width, ahead, travel, photoY, softness, lid } = eye;
      const photoX = u === ahead ? 0 : (LIMIT * (u - ahead)) / (width * travel[u < ahead ? 0 : 1]);
      const [across, down] = [x * gain + own * photoX, y * gain + own * photoY];
      const near = rest ? Math.exp(-((across - photoX) ** 2 + (down - photoY) ** 2) / model.restReach ** 2) : 0;
      const now = ahead + own * (u - ahead) + width * travelled((x * gain) / LIMIT, travel);
      program.set({
        box: eye.box,
        area: areas[i],
        axes: [...eye.middle, ...eye.along],
        iris: [u, v, now, v + (down - photoY) * model.travelV * width],
        white: eye.white,
        disc: eye.texture,
        rows: [...eye.whiteAt, strips[i], i],
        look: [raised(down) - raised(photoY), near > LEAST_NEARNESS ? near : 0, eye.closes && lid ? close : 0, width],
        lid: lid?.place ?? eye.white,
        hair: eye.over ?? [0, 0, 0, 0],
        lidAt: [...(lid?.at ?? [0, 0]), eye.inner],
        line: [...(lid?.lashes ?? [1, 1, 1]), supersampling],
        size: [eye.radius, eye.reach, down - photoY],
        softness: [softness],
      });
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    });
  }

  /** @param {number} stride */
  #mesh(stride) {
    const known = this.#meshes.get(stride);
    if (known) return known;
    const gl = this.#gl;
    const triangles = meshTriangles(this.#rig, stride);
    const array = gl.createVertexArray();
    const indices = gl.createBuffer();
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#points);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 4, gl.FLOAT, false, 0, 0);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, indices);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, triangles, gl.STATIC_DRAW);
    gl.bindVertexArray(null);
    const mesh = { array, indices, count: triangles.length };
    this.#meshes.set(stride, mesh);
    return mesh;
  }
}

/** Photo as a texture that eyes are painted into, and strips with the eyes as photographed and as painted at rest. */
class PhotoTextures {
  #gl;
  /** @type {WebGLTexture | null} */
  rest = null;

  /**
   * @param {WebGL2RenderingContext} gl
   * @param {import('./reader.js').Rig} rig
   * @param {ImageBitmap} image
   * @param {(textures: PhotoTextures) => void} paintEyes paints both as at rest
   */
  constructor(gl, { frame, supersampling, eyes }, image, paintEyes) {
    this.#gl = gl;
    const { width, height } = image;
    this.width = width;
    /** Texture pixels in a source pixel. */
    this.scale = [width / (frame[0] * supersampling), height / (frame[1] * supersampling)];
    this.picture = texture(gl, width, height, { image, mipmaps: true });
    this.framebuffer = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.picture, 0);
    const [across, down] = this.scale;
    /** The eyes' boxes in the texture. */
    this.areas = eyes.map(({ box: [x0, y0, x1, y1] }) => [
      Math.floor(x0 * across), Math.floor(y0 * down), Math.ceil(x1 * across), Math.ceil(y1 * down),
    ]);
    /** @type {number[]} */
    this.strips = [];
    this.stripSize = { width: 1, height: 1 };
    for (const [x0, y0, x1, y1] of this.areas) {
      this.strips.push(this.stripSize.width);
      this.stripSize.width += x1 - x0 + 1;
      this.stripSize.height = Math.max(this.stripSize.height, y1 - y0);
    }
    this.photo = this.#strip(true);
    paintEyes(this);
    this.rest = this.#strip(false);
    const strip = this.stripSize.width * this.stripSize.height;
    this.bytes = 4 * ((width * height + strip) * 4 / 3 + strip);
  }

  delete() {
    const gl = this.#gl;
    for (const each of [this.picture, this.photo, this.rest]) gl.deleteTexture(each);
    gl.deleteFramebuffer(this.framebuffer);
  }

  /** Copies the eyes, as they are in the picture now. @param {boolean} mipmaps */
  #strip(mipmaps) {
    const gl = this.#gl;
    const { width, height } = this.stripSize;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.framebuffer);
    const strip = texture(gl, width, height, { mipmaps });
    this.areas.forEach(([x0, y0, x1, y1], i) => {
      gl.copyTexSubImage2D(gl.TEXTURE_2D, 0, this.strips[i], 0, x0, y0, x1 - x0, y1 - y0);
    });
    if (mipmaps) {
      gl.generateMipmap(gl.TEXTURE_2D);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    }
    return strip;
  }
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {number} width
 * @param {number} height
 * @param {{image?: TexImageSource, mipmaps?: boolean, format?: number, filter?: number}} options
 * @returns {WebGLTexture} bound to the first unit
 */
function texture(gl, width, height, { image, mipmaps = false, format = gl.RGBA8, filter = gl.LINEAR }) {
  const made = gl.createTexture();
  bind(gl, [made]);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, filter);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  const levels = mipmaps ? Math.floor(Math.log2(Math.max(width, height))) + 1 : 1;
  gl.texStorage2D(gl.TEXTURE_2D, levels, format, width, height);
  if (image) gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, image);
  return made;
}

/**
 * Both margins of each eye's lids in a row.
 *
 * @param {WebGL2RenderingContext} gl
 * @param {import('./reader.js').Rig} rig
 */
function lidTexture(gl, { curve, eyes }) {
  const rows = Math.max(1, eyes.length);
  const margins = new Float32Array(curve * 2 * rows);
  eyes.forEach(({ lids }, i) => {
    for (let k = 0; k < curve; k += 1) margins.set([lids[k], lids[k + curve]], (i * curve + k) * 2);
  });
  const made = texture(gl, curve, rows, { format: gl.RG32F, filter: gl.NEAREST });
  gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, curve, rows, gl.RG, gl.FLOAT, margins);
  return made;
}

/** @param {WebGL2RenderingContext} gl @param {(WebGLTexture | null)[]} textures by unit */
function bind(gl, textures) {
  for (let unit = textures.length - 1; unit >= 0; unit -= 1) {
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_2D, textures[unit]);
  }
}

/** @param {number} share of full x, − to the left @param {number[]} travel to either side, eye widths */
function travelled(share, [left, right]) {
  const beyond = Math.max(0, Math.abs(share) - 1);
  return Math.sign(share) * (Math.abs(share) - (1 - BEYOND) * beyond) * (share < 0 ? left : right);
}

/** @param {number} y grid units @returns {number} the same as the upper lid takes it */
function raised(y) {
  return y < 0 ? y * RAISED : y;
}

/** @param {number} degrees */
function radians(degrees) {
  return (degrees * Math.PI) / 180;
}
