/**
 * Bundler of the element: static/gaze/define.js and all that it imports become gaze-tracker.min.js beside it. A module
 * that the element imports only when it is needed becomes a file of its own, gaze-tracker-NAME.min.js.
 *
 *     node npm/bundle.js            writes the files
 *     node npm/bundle.js --check    says which of them are not what their sources make; exit status 1
 */
import { createHash } from 'node:crypto';
import { readFile, readdir, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { argv, exit } from 'node:process';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const FOLDER = fileURLToPath(new URL('../static/gaze', import.meta.url));
const BUNDLE = 'gaze-tracker.min.js';
// TypeScript follows the loader's import into the bundle.
const NOTICE = '/*! <gaze-tracker>, MIT licence */ // @ts-nocheck';

/** @param {string} source path of a module that is imported when it is needed */
const nameOf = (source) => `gaze-tracker-${basename(source, '.js')}.min.js`;

/**
 * Leaves `import('./module.js')` as it is, with the name of that module's bundle, and notes the module.
 *
 * @param {Set<string>} later paths of the modules noted
 */
const apart = (later) => ({
  name: 'apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path, importer }) => {
      if (kind !== 'dynamic-import') return null;
      const source = resolve(dirname(importer), path);
      later.add(source);
      return { path: `./${nameOf(source)}`, external: true };
    });
  },
});

/** Leaves comments and spaces out of the GLSL in shaders.js and the CSS in style.js. */
const squeezed = {
  name: 'squeezed',
  setup({ onLoad }) {
    onLoad({ filter: /shaders\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { contents: source.replace(/`[^`]*`/g, squeeze) };
    });
    onLoad({ filter: /style\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const [, css] = /const CSS = `([^`]*)`/.exec(source) ?? [];
      const { code } = await transform(css ?? '', { loader: 'css', minify: true });
      return { contents: source.replace(css ?? '', code.trim()) };
    });
  },
};

/** @param {string} text of GLSL */
function squeeze(text) {
  const lines = text.replace(/\/\*.*?\*\/|\/\/.*?$/gms, '').split('\n');
  return lines.map((line) => line.trim()).filter(Boolean).join('\n');
}

/**
 * Writes what `integrity` says of each part into parts.js.
 *
 * @param {Map<string, string>} parts text by name
 */
const pinned = (parts) => ({
  name: 'pinned',
  setup({ onLoad }) {
    onLoad({ filter: /parts\/parts\.js$/ }, async ({ path }) => {
      const values = Object.fromEntries([...parts].map(([name, text]) => [name, integrity(text)]));
      const source = await readFile(path, 'utf8');
      return { contents: source.replace('INTEGRITY = {}', `INTEGRITY = ${JSON.stringify(values)}`) };
    });
  },
});

/** @param {string} text */
const integrity = (text) => `sha384-${createHash('sha384').update(text).digest('base64')}`;

/** @param {string} source path @param {Set<string>} later @param {Map<string, string>} [parts] */
async function bundled(source, later, parts = new Map()) {
  const { outputFiles } = await build({
    absWorkingDir: FOLDER,
    banner: { js: NOTICE },
    bundle: true,
    charset: 'utf8',
    entryPoints: [source],
    format: 'esm',
    logLevel: 'warning',
    minify: true,
    plugins: [apart(later), squeezed, pinned(parts)],
    target: 'es2022',
    write: false,
  });
  // esbuild drops these notes; without them, bundlers of pages would look for what only the page can name.
  return outputFiles[0].text.replace(/\bimport\((?=[\w$]+\))/g, 'import(/* @vite-ignore */ /* webpackIgnore: true */');
}

/** @returns {Promise<Map<string, string>>} text by name */
async function bundles() {
  const [entry, later, parts] = [join(FOLDER, 'define.js'), new Set(), new Map()];
  await bundled(entry, later);
  // A set that grows while it is read is read to its end.
  for (const source of later) parts.set(nameOf(source), await bundled(source, later));
  return new Map([[BUNDLE, await bundled(entry, later, parts)], ...parts]);
}

/** @returns {Promise<Map<string, string>>} the same, as it lies in the folder */
async function present() {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.min.js'));
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(FOLDER, name), 'utf8')])));
}

const [made, found] = [await bundles(), await present()];
const stale = [...new Set([...made.keys(), ...found.keys()])].filter((name) => made.get(name) !== found.get(name));
if (argv.includes('--check')) {
  if (stale.length) console.error(`${stale.join(', ')}: not what the sources make. \`make bundle\` writes them anew.`);
  exit(stale.length ? 1 : 0);
}
for (const name of stale) {
  const text = made.get(name);
  await (text === undefined ? unlink(join(FOLDER, name)) : writeFile(join(FOLDER, name), text));
}
