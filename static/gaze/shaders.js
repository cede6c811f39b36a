/**
 * The two passes: mix the frames of a pose at their own size, then scale the mixture to the canvas.
 * All colours are premultiplied by alpha.
 */

/** One triangle over the whole target. */
export const COVER = `#version 300 es
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3 : -1, gl_VertexID == 2 ? 3 : -1);
  gl_Position = vec4(corner, 0, 1);
}`;

/** Pixel for pixel: no filtering, so frames never bleed into one another. */
export const MIX = `#version 300 es
precision mediump float;
precision mediump sampler2DArray;
uniform sampler2DArray frame0, frame1, frame2, frame3;
uniform ivec4 layers;
uniform vec4 weights;
out vec4 colour;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  colour = weights.x * texelFetch(frame0, ivec3(at, layers.x), 0);
  if (weights.y > 0.0) colour += weights.y * texelFetch(frame1, ivec3(at, layers.y), 0);
  if (weights.z > 0.0) colour += weights.z * texelFetch(frame2, ivec3(at, layers.z), 0);
  if (weights.w > 0.0) colour += weights.w * texelFetch(frame3, ivec3(at, layers.w), 0);
}`;

/** Cubic sampling of `picture`: 16 texels in nine linear taps. */
export const CATMULL_ROM = `
vec4 catmullRom(vec2 uv) {
  vec2 texels = vec2(textureSize(picture, 0));
  vec2 at = uv * texels;
  vec2 centre = floor(at - 0.5) + 0.5;
  vec2 f = at - centre;
  vec2 w0 = f * (-0.5 + f * (1.0 - 0.5 * f));
  vec2 w1 = 1.0 + f * f * (-2.5 + 1.5 * f);
  vec2 w2 = f * (0.5 + f * (2.0 - 1.5 * f));
  vec2 w3 = f * f * (-0.5 + 0.5 * f);
  vec2 w12 = w1 + w2;
  vec2 p0 = (centre - 1.0) / texels;
  vec2 p12 = (centre + w2 / w12) / texels;
  vec2 p3 = (centre + 2.0) / texels;
  vec4 sum = textureLod(picture, vec2(p0.x, p0.y), 0.0) * w0.x * w0.y;
  sum += textureLod(picture, vec2(p12.x, p0.y), 0.0) * w12.x * w0.y;
  sum += textureLod(picture, vec2(p3.x, p0.y), 0.0) * w3.x * w0.y;
  sum += textureLod(picture, vec2(p0.x, p12.y), 0.0) * w0.x * w12.y;
  sum += textureLod(picture, vec2(p12.x, p12.y), 0.0) * w12.x * w12.y;
  sum += textureLod(picture, vec2(p3.x, p12.y), 0.0) * w3.x * w12.y;
  sum += textureLod(picture, vec2(p0.x, p3.y), 0.0) * w0.x * w3.y;
  sum += textureLod(picture, vec2(p12.x, p3.y), 0.0) * w12.x * w3.y;
  sum += textureLod(picture, vec2(p3.x, p3.y), 0.0) * w3.x * w3.y;
  // The negative lobes may overshoot; a premultiplied colour lies between 0 and its alpha.
  float alpha = clamp(sum.a, 0.0, 1.0);
  return vec4(clamp(sum.rgb, 0.0, alpha), alpha);
}`;

/**
 * Catmull-Rom when magnifying, else linear, with mipmaps when minifying. The picture's
 * first row is its top; the canvas counts from the bottom.
 */
export const SCALE = `#version 300 es
precision highp float;
uniform sampler2D picture;
uniform vec2 size;
uniform bool sharp;
out vec4 colour;

${CATMULL_ROM}

void main() {
  vec2 uv = gl_FragCoord.xy / size;
  uv.y = 1.0 - uv.y;
  // Half a level sharper than the rule: the frames hardly shimmer, as their content barely moves.
  colour = sharp ? catmullRom(uv) : texture(picture, uv, -0.5);
}`;
