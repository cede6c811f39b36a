/**
 * The two passes that draw a rig: EYE paints an eye into the photo's texture, HEAD and a SHOW… turn the head. The
 * formulas are those of gpuworker/engines/warp; a test holds both together. The texture's first row is its top. All
 * colours in textures are premultiplied by alpha.
 */
import { CATMULL_ROM } from '../shaders.js';

/**
 * Lengths are source pixels, and w is the eye's width. A lid that closes (close > 0) is the rig's own skin
 * over the whole eye with the photo's grain, let down to its margin, and there the lashes turn down.
 */
export const EYE = `#version 300 es
precision highp float;
uniform sampler2D photo, atlas, lids, rest;
// area: the box in the texture; axes: middle, along; iris: u and v in the photo, then now;
// rows: white's origin in the box, the eye's x in the strips, its row of lids;
// look: travel of the upper lid in units of y, nearness to the photo's own look, close, w
uniform vec4 box, area, axes, iris, white, disc, rows, look;
uniform vec2 scale; // texture pixels in a source pixel
uniform vec3 size; // radius and reach of the iris; travel of the lower lid in units of y
uniform vec4 hair; // what hangs over, in the atlas
uniform float softness; // of the limbus, to either side of it
uniform vec4 lid, line; // the closed lid in the atlas; colour of its lashes over the skin's, its pixels' size
uniform vec3 lidAt; // its corner in the box; where the nose is
uniform vec4 travel, light; // upper, lower, fold, lashes; lower margin, shadow, its depth, ball
out vec4 colour;

float rise(float a, float b, float x) {
  float t = clamp((x - a) / (b - a), 0., 1.);
  return t * t * (3. - 2. * t);
}

vec4 strip(sampler2D s, vec2 p, float lod) {
  p = clamp(p * scale, area.xy + .5, area.zw - .5) - area.xy + vec2(rows.z, 0);
  vec4 c = textureLod(s, p / vec2(textureSize(s, 0)), lod);
  return vec4(c.rgb / max(c.a, 1e-4), c.a);
}

vec3 part(vec2 p, vec4 place) {
  return textureLod(atlas, (clamp(p, vec2(.5), place.zw - .5) + place.xy) / vec2(textureSize(atlas, 0)), 0.).rgb;
}

float front(float u) {
  float s = min(.85, abs(u) / (light.w * size.x));
  return sqrt(max(.5, 1. - s * s));
}

void main() {
  vec2 down = vec2(-axes.w, axes.z), p = gl_FragCoord.xy / scale, q = p - axes.xy;
  float close = look.z, w = look.w, u = dot(q, axes.zw), v = dot(q, down);
  float last = float(textureSize(lids, 0).x - 1), k = clamp(u / w + .5, 0., 1.) * last, k0 = min(floor(k), last - 1.);
  vec2 edge = mix(texelFetch(lids, ivec2(k0, rows.w), 0).xy, texelFetch(lids, ivec2(k0 + 1., rows.w), 0).xy, k - k0);
  float bell = max(0., 1. - pow(abs(u) / (.5 * w), 2.2));
  float upperMove = min(look.x * travel.x * w * bell, .6 * (edge.y - edge.x)), lowerMove = size.z * travel.y * w * bell;
  float upper = edge.x + upperMove, lower = edge.y + lowerMove;
  float rising = close * .07 * max(0., lower - upper);
  lowerMove -= rising;
  lower -= rising;
  float pastUpper = v - upper, pastLower = lower - v;
  float withUpper = pastUpper < 0. ? 1. - rise(.04 * w, travel.z * w, -pastUpper) : 1. - rise(0., .1 * w, pastUpper);
  float withLower = 1. - rise(0., (pastLower < 0. ? .3 : .1) * w, abs(pastLower));
  float soft = max(max(.7, .018 * w), min(softness, .04 * w)), rim = clamp(softness / size.x, .1, .25);
  float lash = travel.w * w * (.35 + .65 * bell);
  float above = rise(-soft, soft, pastLower + light.x * w) * float(abs(u) < .5 * w);
  float opening = rise(-soft, soft, pastUpper - lash) * above;
  vec3 skin = strip(photo, p - down * (upperMove * withUpper + lowerMove * withLower), 0.).rgb;
  vec3 lashes = vec3(1);
  if (close > 0.) {
    CLOSING
  }
  vec3 eye = part(p - box.xy - rows.xy, white);
  vec2 t = vec2((u - iris.z) * front(iris.x) / front(iris.z), v - iris.w);
  eye = mix(eye, part(t + size.y + .5, disc), 1. - rise(size.x * (1. - rim), size.x * (1. + rim), length(t)));
  eye *= 1. - light.y * exp(-max(pastUpper, 0.) / (light.z * w));
  vec3 made = mix(skin, eye, opening) * lashes;
  vec4 own = strip(photo, p, 0.);
  if (look.y > 0.) made += look.y * mix(1., opening, min(1., 8. * close)) * (own.rgb - strip(rest, p, 0.).rgb);
  if (hair.z > 0.) made = mix(made, own.rgb, part((p - box.xy) / line.w, hair).r);
  colour = vec4(clamp(made, 0., 1.) * own.a, own.a);
}`.replace('CLOSING', `
    float shut = max(0., lower - upper) * close, margin = upper + shut, d = margin - v, h = edge.x - v, us = u / w;
    float held = .12 * shut * (1. - rise(.1 * w, travel.z * w, h)), begun = rise(0., .18, close);
    vec2 low = p + down * (edge.y - v + .24 * w - abs(mod(edge.y - v, .28 * w) - .14 * w));
    vec3 sheet = part((p - box.xy - lidAt.xy) / line.w, lid);
    vec3 grain = strip(photo, low, 0.).rgb - strip(photo, low, log2(max(1., .05 * w * scale.x))).rgb;
    sheet += .8 * clamp(grain, -.07, .07); // lower lashes and creases are none
    float side = 1. - rise(.47, .6, abs(us));
    float cover = side * (1. - rise(.08 * w, .16 * w, h)), beneath = side * (1. - rise(.02 * w, .07 * w, v - edge.y));
    vec3 over = strip(photo, p - down * held, 0.).rgb, under = strip(photo, p - down * lowerMove * withLower, 0.).rgb;
    over = mix(over, sheet * (1. - .16 * bell * exp(-max(d, 0.) / (.06 * w))), cover);
    under = mix(under, sheet, beneath * rise(.8, 1., close));
    skin = mix(skin, mix(under, over, rise(-soft, soft, d)), begun);
    opening = mix(opening, rise(-soft, soft, -d) * above * (1. - rise(.85, 1., close)), begun);
    float reach = d > 0. ? .028 : (.028 + .03 * close) * (.6 + .4 * rise(-.35, .45, -us * lidAt.z));
    float far = d / max(soft, reach * w);
    lashes = mix(vec3(1), line.rgb, begun * exp(-1.3 * far * far) * (1. - rise(.4, .54, abs(us))));
    pastUpper -= shut;`);

/** Forward: each point of the grid goes where its height takes it. */
export const HEAD = `#version 300 es
precision highp float;
layout(location = 0) in vec4 point; // frame x, y, height, brow
uniform vec4 head, turn, depth; // centre, right; cos and sin of yaw, then of pitch; distance, in-plane width, brow raise
uniform vec2 size; // frame
out vec2 moved;
void main() {
  vec2 right = head.zw, down = vec2(-right.y, right.x), q = point.xy - head.xy;
  float u = dot(q, right), v = dot(q, down), z = point.z;
  float tu = u * turn.x + z * turn.y, tz = z * turn.x - u * turn.y, tv = v * turn.z + tz * turn.w;
  tz = tz * turn.z - v * turn.w;
  float t = clamp(z / depth.y, 0., 1.), inPlane = t * t * (3. - 2. * t);
  vec2 lift = vec2(z * turn.y, z * turn.x * turn.w);
  vec2 move = lift + (vec2(tu, tv) * (depth.x - z) / (depth.x - tz) - vec2(u, v) - lift) * inPlane;
  move.y -= point.w * depth.z;
  moved = right * move.x + down * move.y;
  gl_Position = vec4((point.xy + moved) / size * vec2(2, -2) + vec2(-1, 1), 0, 1);
}`;

/**
 * Fragments take their displacement off their own place: where nothing moves, pixels stay exact.
 *
 * @param {string} fetch
 */
const show = (fetch) => `#version 300 es
precision highp float;
uniform sampler2D picture;
uniform vec2 size, canvas; // frame; device pixels
in vec2 moved;
out vec4 colour;
${CATMULL_ROM}
void main() {
  vec2 uv = vec2(gl_FragCoord.x, canvas.y - gl_FragCoord.y) / canvas - moved / size;
  colour = ${fetch};
}`;

/** At about its own size; enlarged with cubics; made smaller with mipmaps. */
export const SHOW = show('textureLod(picture, uv, 0.)').replace(CATMULL_ROM, '');
export const SHOW_SHARP = show('catmullRom(uv)');
export const SHOW_SMALL = show('texture(picture, uv, -.5)').replace(CATMULL_ROM, '');
