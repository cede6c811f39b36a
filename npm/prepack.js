/** Copies what the package carries from elsewhere in the repository into its folder, where `npm pack` finds it. */
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { chdir } from 'node:process';
import { fileURLToPath } from 'node:url';

const SCRIPTS = '../static/gaze';

chdir(fileURLToPath(new URL('.', import.meta.url)));
rmSync('dist', { force: true, recursive: true });
mkdirSync('dist');
for (const name of readdirSync(SCRIPTS)) {
  if (name.endsWith('.min.js')) cpSync(`${SCRIPTS}/${name}`, `dist/${name}`);
}
cpSync('../LICENSE', 'LICENSE');
